// WrongTokens: who has come with too many of them, to be told to wait. It holds nobody back: who
// is set up wrongly sees how long to wait, a flood of them can be counted apart, and the right
// token is taken at any time. Against guessing the length of the tokens stands (tokens.h). Safe for
// concurrent use.

#pragma once

#include "core/time.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace paws::exporter {

class WrongTokens {
public:
    static constexpr std::size_t a_minute = 10;
    static constexpr std::size_t most_peers = 1000;

    // One more of this address; how long it has to wait, when it was one too many.
    std::optional<std::chrono::seconds> add(std::string_view address, BootTime now);

private:
    struct Minute {
        BootTime began;
        std::size_t count = 0;
    };

    void make_room(BootTime now);

    std::mutex mutex_;
    std::map<std::string, Minute, std::less<>> peers_;
};

// Of whom addresses are counted together: of IPv6 all of a network of 64 bits, as one host may take
// any of them. Pure.
std::string peer_of(std::string_view address);

}  // namespace paws::exporter
