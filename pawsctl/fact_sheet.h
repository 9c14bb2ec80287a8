// Fact sheet: a screen of names with what is known beside them, and commands to be copied.

#pragma once

#include "pawsctl/screen.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::pawsctl {

class FactSheet {
public:
    // Uses `screen` as long as it lives.
    explicit FactSheet(const Screen& screen) : screen_{screen} {}

    void line(const Line& line) { rows_.push_back(line.on(screen_)); }
    void gap() { rows_.emplace_back(); }
    // Nothing where `fact` is empty. The style is the label's.
    void fact(std::string_view label, const std::string& fact, Style style = Style::faint);
    void sentence(std::string_view words, std::size_t indent = 0);
    // On a line of its own and whole, however long.
    void command(std::string_view command);

    std::vector<std::string> rows() && { return std::move(rows_); }

private:
    void take(const std::vector<Line>& lines);

    const Screen& screen_;
    std::vector<std::string> rows_;
};

}  // namespace paws::pawsctl
