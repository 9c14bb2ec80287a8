// Screen: what the lines are drawn for, and lines made of coloured pieces that fit it.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::pawsctl {

struct Screen {
    std::optional<std::size_t> columns;  // absent: as long as it takes (a pipe, a file)
    std::optional<std::size_t> rows;     // absent: as many as it takes
    bool colour = false;
    bool unicode = true;
};

enum class Style { plain, good, warning, bad, faint, strong };

class Line {
public:
    Line& add(std::string_view text, Style style = Style::plain);
    // Fills with blanks up to `column`, at least one when the line is not empty.
    Line& tab(std::size_t column);

    std::size_t columns() const { return columns_; }
    // Cut to the screen, without blanks at its end.
    std::string on(const Screen& screen) const;

private:
    struct Piece {
        std::string text;
        Style style;
    };
    std::vector<Piece> pieces_;
    std::size_t columns_ = 0;
};

std::vector<std::string> drawn(const std::vector<Line>& lines, const Screen& screen);

// What stands where something was cut.
std::string_view cut_mark(const Screen& screen);

// `begin` and then `text`, in words over lines that fit the screen; the following lines start below
// the text. The last of `limit` lines takes the rest and is cut.
std::vector<Line> wrapped(Line begin,
                          std::string_view text,
                          std::size_t limit,
                          const Screen& screen);

}  // namespace paws::pawsctl
