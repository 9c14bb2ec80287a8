#include "pawsctl/screen.h"

#include "core/text.h"
#include "pawsctl/width.h"

#include <algorithm>
#include <limits>

namespace paws::pawsctl {

namespace {

// The eight colours every terminal has, so that the user's own palette decides how they look.
std::string_view escape(Style style) {
    switch (style) {
        case Style::plain:
            return "";
        case Style::good:
            return "\x1b[32m";
        case Style::warning:
            return "\x1b[33m";
        case Style::bad:
            return "\x1b[1;31m";
        case Style::faint:
            return "\x1b[2m";
        case Style::strong:
            return "\x1b[1m";
    }
    return "";
}

std::size_t room(const Screen& screen) {
    return screen.columns.value_or(std::numeric_limits<std::size_t>::max());
}

}  // namespace

std::string_view cut_mark(const Screen& screen) {
    return screen.unicode ? "…" : "...";
}

Line& Line::add(std::string_view text, Style style) {
    if (!text.empty()) {
        columns_ += columns_of(text);
        pieces_.push_back({std::string{text}, style});
    }
    return *this;
}

Line& Line::tab(std::size_t column) {
    const std::size_t least = columns_ == 0 ? 0 : 1;
    return add(std::string(std::max(column - std::min(column, columns_), least), ' '));
}

std::string Line::on(const Screen& screen) const {
    const auto is_blank = [](const Piece& piece) { return trim(piece.text).empty(); };
    const auto end = std::find_if_not(pieces_.rbegin(), pieces_.rend(), is_blank).base();
    auto left = room(screen);
    std::string written;
    for (auto piece = pieces_.begin(); piece != end && left > 0; ++piece) {
        auto text = screen.unicode ? piece->text : to_ascii(piece->text);
        // Where nothing of what follows will fit, the mark must stand in this piece.
        if (piece + 1 != end && columns_of(text) == left) {
            text += ' ';
        }
        text = cut(text, left, cut_mark(screen));
        left -= std::min(left, columns_of(text));
        const auto colour = screen.colour && !is_blank(*piece) ? escape(piece->style) : "";
        written += colour.empty() ? text : std::string{colour} + text + "\x1b[0m";
    }
    return written;
}

std::vector<std::string> drawn(const std::vector<Line>& lines, const Screen& screen) {
    std::vector<std::string> all;
    all.reserve(lines.size());
    for (const auto& line : lines) {
        all.push_back(line.on(screen));
    }
    return all;
}

std::vector<Line> wrapped(Line begin,
                          std::string_view text,
                          std::size_t limit,
                          const Screen& screen) {
    const auto indent = begin.columns();
    const auto width = room(screen) - std::min(room(screen), indent);
    std::vector<Line> lines;
    text = trim(text);
    while (!text.empty()) {
        std::string line{take_word(text)};
        while (!text.empty()) {
            auto rest = text;
            const auto word = take_word(rest);
            const bool fits = columns_of(line) + 1 + columns_of(word) <= width;
            if (!fits && lines.size() + 1 < limit) {
                break;
            }
            line.append(" ").append(word);
            text = rest;
        }
        lines.push_back((lines.empty() ? begin : Line{}.tab(indent)).add(line));
    }
    return lines;
}

}  // namespace paws::pawsctl
