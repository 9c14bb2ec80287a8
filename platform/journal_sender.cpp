#include "platform/journal_sender.h"

#include "platform/root_fs.h"
#include "platform/unique_fd.h"
#include "platform/unix_socket.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace paws::platform {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds shortest_nap{1};
constexpr milliseconds longest_nap{20};

Error cannot(int reason, const std::string& socket) {
    if (reason == ECONNREFUSED) {
        return {Errc::unavailable, socket + ": nobody listens"};
    }
    return system_error(reason, socket);
}

Error too_late(const std::string& socket) {
    return {Errc::timeout, socket + ": the journal takes no entries"};
}

milliseconds left(Clock::time_point deadline) {
    return std::max(std::chrono::ceil<milliseconds>(deadline - Clock::now()), milliseconds{0});
}

Result<UniqueFd> connect_to(const std::string& path) {
    const auto address = UnixAddress::of(path);
    if (!address) {
        return address.error();
    }
    UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd || address->connect(fd.get()) != 0) {
        return cannot(errno, path);
    }
    return fd;
}

// One datagram, once there is room for it.
Result<void> send(int fd,
                  std::string_view datagram,
                  Clock::time_point deadline,
                  const std::string& socket) {
    while (::send(fd, datagram.data(), datagram.size(), MSG_NOSIGNAL) < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            return cannot(errno, socket);
        }
        if (left(deadline) == milliseconds{0}) {
            return too_late(socket);
        }
        pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};
        ::poll(&room, 1, static_cast<int>(left(deadline).count()));
    }
    return {};
}

// Nothing tells when a datagram is taken, so it is asked again and again.
Result<void> wait_until_taken(int fd, Clock::time_point deadline, const std::string& socket) {
    auto nap = shortest_nap;
    int waiting = 1;
    while (::ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > 0) {
        if (left(deadline) == milliseconds{0}) {
            return too_late(socket);
        }
        nap = std::min({nap, left(deadline), longest_nap});
        const timespec span{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds{nap}.count()};
        ::nanosleep(&span, nullptr);
        nap *= 2;
    }
    return {};
}

}  // namespace

Result<void> send_to_journal(const std::vector<JournalField>& fields,
                             milliseconds patience,
                             const std::string& socket) {
    const auto deadline = Clock::now() + patience;
    const auto fd = connect_to(socket);
    if (!fd) {
        return fd.error();
    }
    std::string entry;
    for (const auto& [name, value] : fields) {
        entry.append(name).append("=").append(value).append("\n");
    }
    auto done = send(fd->get(), entry, deadline, socket);
    if (done) {
        done = send(fd->get(), {}, deadline, socket);
    }
    return done ? wait_until_taken(fd->get(), deadline, socket) : done;
}

}  // namespace paws::platform
