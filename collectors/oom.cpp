#include "collectors/oom.h"

#include "core/text.h"

namespace paws::collectors {

Result<std::uint64_t> parse_oom_kills(std::string_view text) {
    constexpr std::string_view name = "\noom_kill ";  // never the first line
    if (const auto found = text.find(name); found != std::string_view::npos) {
        auto line = text.substr(found + name.size());
        const auto count = parse_integer<std::uint64_t>(take_until(line, '\n'));
        return count ? Result<std::uint64_t>{*count}
                     : Error{Errc::malformed, "oom_kill is not a number"};
    }
    take_word(text);
    return parse_integer<std::uint64_t>(take_word(text))
               ? Error{Errc::absent, "has no line oom_kill"}
               : Error{Errc::malformed, "does not begin with a name and a number"};
}

}  // namespace paws::collectors
