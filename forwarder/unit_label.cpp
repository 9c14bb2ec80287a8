#include "forwarder/unit_label.h"

#include "core/text.h"
#include "forwarder/text_classes.h"

#include <algorithm>

namespace paws::forwarder {

namespace {

constexpr std::size_t longest_label = 255;  // a unit's name has no more (systemd: UNIT_NAME_MAX)

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

// What stands before a number: "u5", "p12" and "i34" of systemd-run, "c3" of logind.
std::string_view without_letter(std::string_view part) {
    constexpr std::string_view letters = "urpic";
    const bool any = !part.empty() && letters.find(part.front()) != std::string_view::npos;
    return any ? part.substr(1) : part;
}

// "12", "u5", and of several as well: "p1234-i5678", "3-4711_4712-0".
bool are_counts(std::string_view part) {
    while (true) {
        const auto end = part.find_first_of("-_");
        const auto digits = without_letter(part.substr(0, end));
        if (digits.empty() || !std::ranges::all_of(digits, is_digit)) {
            return false;
        }
        if (end == std::string_view::npos) {
            return true;
        }
        part.remove_prefix(end + 1);
    }
}

// The instance for a connection: its number and its two ends (systemd.socket(5), Accept=).
bool is_connection(std::string_view instance) {
    const auto count = instance.substr(0, instance.find('-'));
    return !count.empty() && std::ranges::all_of(count, is_digit) &&
           instance.find(':') != std::string_view::npos;
}

// A count, or an id: "12", "u5", "r8ad3f0c2", "9f8e7d6c5b4a3210-extra".
bool is_numbered(std::string_view part) {
    constexpr std::size_t shortest_id = 8;
    if (are_counts(part)) {
        return true;
    }
    const auto digits = without_letter(part);
    const auto id = digits.substr(0, digits.find_first_of("-_."));
    return id.size() >= shortest_id && std::ranges::all_of(id, is_hex) &&
           std::ranges::any_of(id, is_digit);
}

// Where the number of a numbered unit begins; its end when it is none.
std::size_t number_of(std::string_view stem) {
    const auto at = stem.find('@');
    if (at != std::string_view::npos) {
        const auto instance = stem.substr(at + 1);
        return is_numbered(instance) || is_connection(instance) ? at + 1 : stem.size();
    }
    for (auto dash = stem.find('-'); dash != std::string_view::npos;
         dash = stem.find('-', dash + 1)) {
        if (is_numbered(stem.substr(dash + 1))) {
            return dash + 1;
        }
    }
    return stem.size();
}

}  // namespace

std::string unit_label(std::string_view unit) {
    const auto dot = unit.rfind('.');
    const auto stem = unit.substr(0, dot);
    const auto type = dot == std::string_view::npos ? std::string_view{} : unit.substr(dot);
    const bool is_runner = stem.starts_with("actions.runner.");
    const auto end = is_runner ? stem.size() : number_of(stem);
    const auto label = end == stem.size()
                           ? std::string{unit}
                           : std::string{stem.substr(0, end)} + "*" + std::string{type};
    return printable(label, longest_label);
}

}  // namespace paws::forwarder
