#include "collectors/network.h"

#include "core/text.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace paws::collectors {

namespace {

// Receive: bytes packets errs drop fifo frame compressed multicast; transmit: bytes packets errs
// drop and four more.
std::optional<NetworkDevice> parse_device(std::string_view line) {
    NetworkDevice device{.device = printable(trim(take_until(line, ':')))};
    std::array<std::uint64_t, 12> counts{};
    for (auto& count : counts) {
        const auto number = parse_integer<std::uint64_t>(take_word(line));
        if (!number) {
            return std::nullopt;
        }
        count = *number;
    }
    device.receive = {counts[0], counts[2], counts[3]};
    device.transmit = {counts[8], counts[10], counts[11]};
    return device;
}

}  // namespace

Result<std::vector<NetworkDevice>> parse_network(std::string_view text) {
    if (!take_until(text, '\n').starts_with("Inter-|") ||
        !take_until(text, '\n').starts_with(" face |")) {
        return Error{Errc::malformed, "does not begin with its two lines of headings"};
    }
    std::vector<NetworkDevice> devices;
    while (!text.empty()) {
        const auto line = take_until(text, '\n');
        auto device = parse_device(line);
        if (!device) {
            return Error{Errc::malformed,
                         "'" + printable(line, 32) + "' is not a device with its counters"};
        }
        devices.push_back(*std::move(device));
    }
    return devices;
}

}  // namespace paws::collectors
