#include "exporter/peer_limit.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace paws::exporter {

namespace {

constexpr std::chrono::minutes span{1};
constexpr std::string_view mapped = "::ffff:";  // an IPv4 address on a socket of both families

}  // namespace

std::string peer_of(std::string_view address) {
    in6_addr bytes{};
    std::string plain{address.substr(0, address.find('%'))};
    if (plain.starts_with(mapped) && plain.find('.') != std::string::npos) {
        plain.erase(0, mapped.size());
    }
    if (plain.starts_with("127.")) {
        return "127.0.0.0/8";
    }
    if (::inet_pton(AF_INET6, plain.c_str(), &bytes) != 1) {
        return plain;
    }
    std::fill(std::begin(bytes.s6_addr) + 8, std::end(bytes.s6_addr), std::uint8_t{0});
    std::array<char, INET6_ADDRSTRLEN> network{};
    ::inet_ntop(AF_INET6, &bytes, network.data(), network.size());
    return std::string{network.data()} + "/64";
}

std::optional<std::chrono::seconds> PeerLimit::add(std::string_view address, BootTime now) {
    auto peer = peer_of(address);
    const std::lock_guard lock{mutex_};
    auto found = peers_.find(peer);
    if (found == peers_.end()) {
        make_room(now);
        found = peers_.emplace(std::move(peer), Minute{.began = now}).first;
    }
    auto& minute = found->second;
    if (now - minute.began >= span) {
        minute = {.began = now};
    }
    if (++minute.count <= a_minute_) {
        return std::nullopt;
    }
    return std::chrono::ceil<std::chrono::seconds>(minute.began + span - now);
}

void PeerLimit::make_room(BootTime now) {
    if (peers_.size() < most_peers) {
        return;
    }
    std::erase_if(peers_, [&](const auto& peer) { return now - peer.second.began >= span; });
    if (peers_.size() >= most_peers) {
        peers_.erase(std::ranges::min_element(
            peers_, {}, [](const auto& peer) { return peer.second.began; }));
    }
}

}  // namespace paws::exporter
