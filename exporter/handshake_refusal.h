// HandshakeRefusal: why a TLS client never came to ask anything.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace paws::exporter {

enum class HandshakeFault {
    no_certificate,  // where one is demanded
    certificate,     // the client's does not do
    protocol,        // no version, cipher or curve in common
    client,          // it refuses us: most often it does not trust our certificate
    other,           // plain HTTP, garbage
};

inline constexpr std::array<std::string_view, 5> handshake_faults{
    "no_certificate", "certificate", "protocol", "client", "other"};

// Since the agent started, each at the place of its fault.
using HandshakeCounts = std::array<std::uint64_t, handshake_faults.size()>;

struct HandshakeRefusal {
    HandshakeFault fault = HandshakeFault::other;
    std::string why;  // in OpenSSL's words
    std::string peer;
};

// By the error that OpenSSL put into its queue. Pure.
HandshakeFault fault_of_handshake(unsigned long error);

}  // namespace paws::exporter
