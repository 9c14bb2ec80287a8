#include "pawsctl/log_line.h"

#include "core/text.h"
#include "pawsctl/fields.h"
#include "pawsctl/find_runner.h"

#include <algorithm>
#include <array>

#include <boost/json/value.hpp>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;
using Labels = std::map<std::string, std::string>;

// The gravest first.
constexpr std::array<std::string_view, 5> levels{"critical", "error", "warning", "info", "debug"};
constexpr std::size_t source_columns = 22;  // of most runners and units; longer ones push the rest
constexpr std::size_t level_columns = 9;

std::string whole_text(const Object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    const auto* held = found == nullptr ? nullptr : found->if_string();
    if (held == nullptr) {
        return {};
    }
    return printable({held->data(), held->size()}, 3 * held->size());
}

// A value up to its closing quote, with what was escaped in it; `rest` begins after the first one.
std::string take_quoted(std::string_view& rest) {
    std::string value;
    while (!rest.empty() && rest.front() != '"') {
        if (rest.front() == '\\' && rest.size() > 1) {
            rest.remove_prefix(1);
        }
        value += rest.front();
        rest.remove_prefix(1);
    }
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 1));
    return value;
}

const std::string& label(const Labels& labels, const char* name) {
    static const std::string none;
    const auto found = labels.find(name);
    return found == labels.end() ? none : found->second;
}

std::string_view without_service(std::string_view unit) {
    constexpr std::string_view end = ".service";
    return unit.ends_with(end) ? unit.substr(0, unit.size() - end.size()) : unit;
}

std::size_t gravity(std::string_view level) {
    return static_cast<std::size_t>(std::ranges::find(levels, level) - levels.begin());
}

Style style_of_level(std::string_view level) {
    return level == "critical" || level == "error" ? Style::bad
           : level == "warning"                    ? Style::warning
           : level == "debug"                      ? Style::faint
                                                   : Style::plain;
}

// A runner's traces are told from what its service writes.
std::string source_of(const Labels& labels) {
    const auto& runner = label(labels, "runner");
    if (!runner.empty()) {
        return runner + (label(labels, "job") == "runner-diag" ? " diag" : "");
    }
    const auto& unit = label(labels, "unit");
    return unit.empty() ? "-" : std::string{without_service(unit)};
}

// "14:55:01.123", of the same UTC that the rest of pawsctl and Grafana's queries speak.
std::string clock_of(const Object& line) {
    const auto time = text(line, "time");
    const auto clock = time.find('T');
    return clock == std::string::npos ? "-" : time.substr(clock + 1, time.size() - clock - 2);
}

}  // namespace

Labels parse_labels(std::string_view text) {
    Labels labels;
    text = trim(text);
    if (!text.starts_with('{')) {
        return labels;
    }
    text.remove_prefix(1);
    for (auto begin = text.find("=\""); begin != std::string_view::npos; begin = text.find("=\"")) {
        const std::string name{trim(text.substr(0, begin))};
        text.remove_prefix(begin + 2);
        labels.insert_or_assign(name, take_quoted(text));
        text = trim(text);
        if (text.starts_with(',')) {
            text.remove_prefix(1);
        }
    }
    return labels;
}

bool is_level(std::string_view word) {
    return gravity(word) < levels.size();
}

bool is_wanted(const Object& line, const LineFilter& filter) {
    const auto labels = parse_labels(whole_text(line, "labels"));
    const auto unit = without_service(label(labels, "unit"));
    return (filter.unit.empty() || unit == without_service(filter.unit)) &&
           (filter.runner.empty() ||
            label(labels, "runner") == without_unit_affixes(filter.runner)) &&
           (filter.level.empty() || gravity(label(labels, "level")) <= gravity(filter.level));
}

std::string render_log_line(const Object& line, const Screen& screen) {
    const auto labels = parse_labels(whole_text(line, "labels"));
    const auto& level = label(labels, "level");
    const auto style = style_of_level(level);
    auto shown = Line{}.add(clock_of(line), Style::faint).add("  ");
    const auto source = shown.columns();
    shown.add(source_of(labels)).tab(source + source_columns).add(" ");
    const auto at = shown.columns();
    shown.add(level.empty() ? "-" : level, style).tab(at + level_columns).add(" ");
    shown.add(whole_text(line, "line"), style);
    auto whole = screen;
    whole.columns.reset();
    return shown.on(whole);
}

}  // namespace paws::pawsctl
