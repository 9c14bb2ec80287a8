#include "pawsctl/fact_sheet.h"

namespace paws::pawsctl {

namespace {

constexpr std::size_t fact_begin = 10;
constexpr std::size_t longest_fact = 8;  // lines: what mends it often stands at its end

}  // namespace

void FactSheet::take(const std::vector<Line>& lines) {
    for (const auto& each : lines) {
        line(each);
    }
}

void FactSheet::fact(std::string_view label, const std::string& fact, Style style) {
    take(wrapped(Line{}.add(label, style).tab(fact_begin), fact, longest_fact, screen_));
}

void FactSheet::sentence(std::string_view words, std::size_t indent) {
    take(wrapped(Line{}.tab(indent), words, longest_fact, screen_));
}

void FactSheet::command(std::string_view command) {
    if (command.empty()) {
        return;
    }
    auto whole = screen_;
    whole.columns.reset();
    const auto arrow = screen_.unicode ? "  → " : "  > ";
    rows_.push_back(Line{}.add(arrow, Style::faint).add(command).on(whole));
}

}  // namespace paws::pawsctl
