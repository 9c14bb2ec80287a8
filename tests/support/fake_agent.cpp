#include "tests/support/fake_agent.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace paws::tests {

namespace {

constexpr std::size_t request_limit = 64U << 10U;
constexpr int patience_milliseconds = 20'000;

std::string make_directory() {
    auto name = (std::filesystem::temp_directory_path() / "paws-agent-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::system_error{errno, std::generic_category(), name};
    }
    return name;
}

platform::UniqueFd listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(static_cast<char*>(address.sun_path), path.data(), path.size());
    platform::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(fd.get(), 8) != 0) {
        throw std::system_error{errno, std::generic_category(), path};
    }
    return fd;
}

bool readable(int fd) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, patience_milliseconds) > 0;
}

// The one line that came, or nothing when it was something else.
std::string receive_request(int connection) {
    std::string text;
    std::array<char, 4096> chunk{};
    while (text.find('\n') == std::string::npos && text.size() <= request_limit &&
           readable(connection)) {
        const auto got = ::recv(connection, chunk.data(), chunk.size(), 0);
        if (got <= 0) {
            break;
        }
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
    const bool one_line = text.find('\n') + 1 == text.size() && text.size() <= request_limit;
    return one_line ? text.substr(0, text.size() - 1) : "";
}

}  // namespace

FakeAgent::FakeAgent(Behaviour behaviour)
    : behaviour_{std::move(behaviour)},
      directory_{make_directory()},
      socket_{directory_ + "/control.sock"},
      listening_{listen_at(socket_)},
      stop_{::eventfd(0, EFD_CLOEXEC)},
      thread_{[this] { serve(); }} {}

FakeAgent::~FakeAgent() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

std::vector<std::string> FakeAgent::requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
}

void FakeAgent::serve() {
    for (;;) {
        std::array<pollfd, 2> sources{pollfd{listening_.get(), POLLIN, 0},
                                      pollfd{stop_.get(), POLLIN, 0}};
        ::poll(sources.data(), sources.size(), -1);
        if (sources[1].revents != 0) {
            return;
        }
        const platform::UniqueFd connection{::accept(listening_.get(), nullptr, nullptr)};
        if (connection) {
            answer(connection.get());
        }
    }
}

void FakeAgent::answer(int connection) {
    const auto request = receive_request(connection);
    {
        const std::lock_guard lock{mutex_};
        requests_.push_back(request);
    }
    behaviour_(connection, request);
}

void send_text(int connection, std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void wait_until_closed(int connection) {
    std::array<char, 256> ignored{};
    while (readable(connection) && ::recv(connection, ignored.data(), ignored.size(), 0) > 0) {
    }
}

FakeAgent::Behaviour answering(std::string text) {
    return [text = std::move(text) + "\n"](int connection, const std::string&) {
        send_text(connection, text);
    };
}

}  // namespace paws::tests
