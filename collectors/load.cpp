#include "collectors/load.h"

#include "core/text.h"

#include <algorithm>

namespace paws::collectors {

Result<LoadAverage> parse_load(std::string_view text) {
    const auto one = parse_decimal(take_word(text));
    const auto five = parse_decimal(take_word(text));
    const auto fifteen = parse_decimal(take_word(text));
    if (!one || !five || !fifteen || std::min({*one, *five, *fifteen}) < 0) {
        return Error{Errc::malformed, "does not begin with three load averages"};
    }
    return LoadAverage{*one, *five, *fifteen};
}

}  // namespace paws::collectors
