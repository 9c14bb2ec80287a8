// PeerLimit: who has come too often in a minute, to be told to wait. Safe for concurrent use.

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

class PeerLimit {
public:
    static constexpr std::size_t most_peers = 1000;  // remembered

    explicit PeerLimit(std::size_t a_minute) : a_minute_{a_minute} {}

    // One more of this address; how long it has to wait, when it was one too many.
    std::optional<std::chrono::seconds> add(std::string_view address, BootTime now);

private:
    struct Minute {
        BootTime began;
        std::size_t count = 0;
    };

    void make_room(BootTime now);

    std::size_t a_minute_;
    std::mutex mutex_;
    std::map<std::string, Minute, std::less<>> peers_;
};

// Of whom addresses are counted together: of IPv6 all of a network of 64 bits, and all of the
// loopback, as one host may take any of them. Pure.
std::string peer_of(std::string_view address);

}  // namespace paws::exporter
