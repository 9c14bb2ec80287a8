// Descriptors: open files that go along with a message on a unix socket (SCM_RIGHTS of unix(7)).

#pragma once

#include "core/result.h"
#include "platform/unique_fd.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

namespace paws::platform {

inline constexpr std::size_t most_descriptors = 8;  // in a message

// One message, to where the socket is connected or to `address`. Waits as the socket does.
Result<void> send_descriptors(int socket,
                              std::string_view text,
                              std::span<const int> descriptors,
                              std::span<const std::byte> address = {});

struct DescriptorMessage {
    std::string text;
    std::vector<UniqueFd> descriptors;
};

// The next message: at most `limit` bytes of text; a longer one, and one whose descriptors did not
// all arrive, is Errc::malformed. Waits as the socket does; Errc::absent when the peer has closed.
Result<DescriptorMessage> receive_descriptors(int socket, std::size_t limit);

}  // namespace paws::platform
