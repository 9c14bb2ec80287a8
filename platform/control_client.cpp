#include "platform/control_client.h"

#include "platform/root_fs.h"
#include "platform/unique_fd.h"
#include "platform/unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include <poll.h>
#include <sys/socket.h>

namespace paws::platform {

namespace {

// How long a full queue of waiting askers is left alone before the next try.
constexpr std::chrono::milliseconds queue_pause{20};

// Deadlines need a clock that never steps; the time itself goes nowhere.
class Deadline {
public:
    explicit Deadline(std::chrono::milliseconds patience)
        : at_{std::chrono::steady_clock::now() + patience} {}

    // For poll(2): rounded up, so that it never spins on the last part of a millisecond.
    int left() const {
        const auto left = at_ - std::chrono::steady_clock::now();
        const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        return static_cast<int>(std::clamp<std::int64_t>(whole, 0, 3'600'000));
    }
    bool passed() const { return left() == 0; }

private:
    std::chrono::steady_clock::time_point at_;
};

Error too_late(const std::string& subject) {
    return {Errc::timeout, subject + ": not done in time"};
}

// Until `fd` has one of `events`, an error or an end; false when the deadline came first.
bool wait_for(int fd, short events, const Deadline& deadline) {
    pollfd entry{fd, events, 0};
    while (!deadline.passed()) {
        if (::poll(&entry, 1, deadline.left()) > 0) {
            return true;
        }
    }
    return false;
}

Result<UniqueFd> connect_to(const std::string& socket, const Deadline& deadline) {
    const auto address = UnixAddress::of(socket);
    if (!address) {
        return Error{Errc::absent, address.error().what};
    }
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) {
        return system_error(errno, socket);
    }
    for (;;) {
        if (address->connect(fd.get()) == 0) {
            return fd;
        }
        if (errno == ECONNREFUSED) {
            return Error{Errc::unavailable, socket + ": nobody listens"};
        }
        // A stream socket that does not block says EAGAIN while the queue is full (unix(7)).
        if (errno != EAGAIN && errno != EINTR) {
            return system_error(errno, socket);
        }
        if (deadline.passed()) {
            return too_late(socket + ": connecting");
        }
        ::poll(nullptr, 0, std::min<int>(deadline.left(), queue_pause.count()));
    }
}

// An agent that refuses may answer and close before it has read everything: a broken pipe is no
// failure, what it wrote still waits to be read.
Result<void> send_line(int fd, std::string_view request, const Deadline& deadline) {
    const auto line = std::string{request} + '\n';
    std::string_view rest{line};
    while (!rest.empty()) {
        const auto sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return {};
        } else if (errno != EAGAIN && errno != EINTR) {
            return system_error(errno, "sending");
        } else if (!wait_for(fd, POLLOUT, deadline)) {
            return too_late("sending");
        }
    }
    return {};
}

Result<std::string> line_of(std::string text) {
    const auto end = text.find('\n');
    if (end == std::string::npos) {
        return Error{Errc::malformed, text.empty() ? "closed without an answer" : "cut short"};
    }
    if (end + 1 != text.size()) {
        return Error{Errc::malformed, "more than one line"};
    }
    text.pop_back();
    return text;
}

Result<std::string> receive_line(int fd, const Deadline& deadline) {
    std::string text;
    std::array<char, 16384> chunk{};
    for (;;) {
        const auto got = ::recv(fd, chunk.data(), chunk.size(), 0);
        if (got > 0) {
            const std::string_view piece{chunk.data(), static_cast<std::size_t>(got)};
            text += piece;
            if (text.size() > control_answer_limit) {
                return Error{Errc::malformed,
                             "longer than " + std::to_string(control_answer_limit) + " bytes"};
            }
            if (piece.find('\n') != std::string_view::npos) {
                return line_of(std::move(text));
            }
        } else if (got == 0 || errno == ECONNRESET) {
            return line_of(std::move(text));
        } else if (errno != EAGAIN && errno != EINTR) {
            return system_error(errno, "receiving");
        } else if (!wait_for(fd, POLLIN, deadline)) {
            return too_late("receiving");
        }
    }
}

}  // namespace

Result<std::string> ask_control(const std::string& socket,
                                std::string_view request,
                                std::chrono::milliseconds patience) {
    const Deadline deadline{patience};
    const auto connection = connect_to(socket, deadline);
    if (!connection) {
        return connection.error();
    }
    if (const auto sent = send_line(connection->get(), request, deadline); !sent) {
        return Error{sent.error().code, socket + ": " + sent.error().what};
    }
    auto answer = receive_line(connection->get(), deadline);
    if (!answer) {
        return Error{answer.error().code, socket + ": " + answer.error().what};
    }
    return answer;
}

}  // namespace paws::platform
