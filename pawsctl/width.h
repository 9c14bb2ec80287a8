// Width: how many columns text takes on a terminal, and cutting it to fit.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace paws::pawsctl {

// Columns of valid UTF-8 text. Rather too many than too few: a line must never wrap.
std::size_t columns_of(std::string_view text);

// `text`, its end replaced by `mark` where it has more than `columns`.
std::string cut(std::string_view text, std::size_t columns, std::string_view mark);

// The same with `mark` inside, for names that differ at their end.
std::string cut_middle(std::string_view text, std::size_t columns, std::string_view mark);

// `text` for a terminal that knows no UTF-8: '?' for each column beyond ASCII.
std::string to_ascii(std::string_view text);

}  // namespace paws::pawsctl
