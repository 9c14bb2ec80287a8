#include "collectors/oom.h"

#include "core/text.h"

namespace paws::collectors {

Result<std::uint64_t> parse_oom_kills(std::string_view text) {
    bool any = false;
    while (!text.empty()) {
        auto line = take_until(text, '\n');
        const auto name = take_word(line);
        const auto count = parse_integer<std::uint64_t>(take_word(line));
        if (name == "oom_kill") {
            return count ? Result<std::uint64_t>{*count}
                         : Error{Errc::malformed, "oom_kill is not a number"};
        }
        any = any || count;
    }
    return any ? Error{Errc::absent, "has no line oom_kill"}
               : Error{Errc::malformed, "has no line of a name and a number"};
}

}  // namespace paws::collectors
