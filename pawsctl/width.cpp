#include "pawsctl/width.h"

#include "core/text.h"

#include <algorithm>
#include <clocale>
#include <cwchar>
#include <memory>
#include <type_traits>

namespace paws::pawsctl {

namespace {

struct FreeLocale {
    void operator()(locale_t locale) const noexcept { ::freelocale(locale); }
};

// The C library's own table of widths, whatever the environment's locale is. C.UTF-8 is part of
// glibc's package on every supported system; without it each character beyond ASCII counts double.
std::size_t table_width(char32_t character) {
    static const std::unique_ptr<std::remove_pointer_t<locale_t>, FreeLocale> utf8{
        ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)};
    if (!utf8) {
        return 2;
    }
    const auto before = ::uselocale(utf8.get());
    const auto width = ::wcwidth(static_cast<wchar_t>(character));
    ::uselocale(before);
    return width < 0 ? 2 : static_cast<std::size_t>(width);
}

// Takes the character at the front of `rest`, which is not empty.
std::string_view take_character(std::string_view& rest) {
    const auto length = std::max<std::size_t>(detail::utf8_length(rest), 1);
    const auto character = rest.substr(0, length);
    rest.remove_prefix(length);
    return character;
}

std::size_t width_of(std::string_view character) {
    const auto code = detail::code_point(character);
    if (code < 0x7F) {
        return 1;
    }
    // Asks for the coloured form of the character before it: two columns on many terminals.
    if (code == 0xFE0F) {
        return 1;
    }
    return table_width(code);
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        columns += width_of(take_character(text));
    }
    return columns;
}

std::string cut(std::string_view text, std::size_t columns, std::string_view mark) {
    if (columns_of(text) <= columns) {
        return std::string{text};
    }
    const bool marked = columns_of(mark) <= columns;
    const auto room = columns - (marked ? columns_of(mark) : 0);
    std::size_t taken = 0;
    std::size_t used = 0;
    for (auto rest = text; !rest.empty();) {
        const auto character = take_character(rest);
        used += width_of(character);
        if (used > room) {
            break;
        }
        taken += character.size();
    }
    return std::string{text.substr(0, taken)} + std::string{marked ? mark : ""};
}

std::string to_ascii(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const auto character = take_character(text);
        const bool ascii = static_cast<unsigned char>(character.front()) < 0x80;
        shown += ascii ? std::string{character} : std::string(width_of(character), '?');
    }
    return shown;
}

// Counted in columns from the end, a character at a time.
std::string cut_middle(std::string_view text, std::size_t columns, std::string_view mark) {
    const auto mark_columns = columns_of(mark);
    if (columns_of(text) <= columns || columns < mark_columns + 4) {
        return cut(text, columns, mark);
    }
    const auto room = columns - mark_columns;
    const auto head = cut(text, room / 3, "");
    auto tail = text.substr(head.size());
    while (columns_of(tail) > room - columns_of(head)) {
        take_character(tail);
    }
    return head + std::string{mark} + std::string{tail};
}

}  // namespace paws::pawsctl
