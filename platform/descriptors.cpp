#include "platform/descriptors.h"

#include "platform/root_fs.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace paws::platform {

namespace {

constexpr std::size_t control_bytes = CMSG_SPACE(most_descriptors * sizeof(int));

struct alignas(cmsghdr) Control {
    std::array<std::byte, control_bytes> bytes{};
};

void attach(msghdr& message, Control& control, std::span<const int> descriptors) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
}

std::vector<UniqueFd> take_descriptors(msghdr& message) {
    std::vector<UniqueFd> taken;
    for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t at = 0; at < count; ++at) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(header) + at * sizeof(int), sizeof descriptor);
            taken.emplace_back(descriptor);
        }
    }
    return taken;
}

}  // namespace

Result<void> send_descriptors(int socket,
                              std::string_view text,
                              std::span<const int> descriptors,
                              std::span<const std::byte> address) {
    if (descriptors.size() > most_descriptors) {
        return Error{Errc::io, "a message takes fewer descriptors"};
    }
    std::string copy{text};  // sendmsg() takes no constant text
    iovec part{.iov_base = copy.data(), .iov_len = copy.size()};
    std::vector<std::byte> to{address.begin(), address.end()};
    Control control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_name = to.empty() ? nullptr : to.data();
    message.msg_namelen = static_cast<socklen_t>(to.size());
    if (!descriptors.empty()) {
        attach(message, control, descriptors);
    }
    const auto sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0) {
        return system_error(errno, "sending a message");
    }
    return static_cast<std::size_t>(sent) == text.size()
               ? Result<void>{}
               : Result<void>{Error{Errc::io, "only a part of a message was sent"}};
}

Result<DescriptorMessage> receive_descriptors(int socket, std::size_t limit) {
    DescriptorMessage received;
    received.text.resize(limit);
    iovec part{.iov_base = received.text.data(), .iov_len = received.text.size()};
    Control control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    const auto got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0) {
        return system_error(errno, "receiving a message");
    }
    received.descriptors = take_descriptors(message);
    received.text.resize(static_cast<std::size_t>(got));
    if ((static_cast<unsigned>(message.msg_flags) & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        return Error{Errc::malformed, "a message is too long or carries too many descriptors"};
    }
    if (got == 0 && received.descriptors.empty()) {
        return Error{Errc::absent, "the peer has closed"};
    }
    return received;
}

}  // namespace paws::platform
