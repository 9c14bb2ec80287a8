#include "tests/support/fake_runner_link.h"

#include "tests/support/fake_runner.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace paws::fake {

namespace {

constexpr int tries_of_a_call = 5;
constexpr int most_errors = 10;

bool send_all(int fd, std::string_view data) {
    return ::send(fd, data.data(), data.size(), MSG_NOSIGNAL) == std::ssize(data);
}

// The value of a string member of a JSON object that has no escapes in it.
std::string member(std::string_view json, const std::string& key) {
    const auto opening = "\"" + key + "\": \"";
    const auto begin = json.find(opening);
    if (begin == std::string_view::npos) {
        return {};
    }
    json.remove_prefix(begin + opening.size());
    return std::string{json.substr(0, json.find('"'))};
}

struct Answer {
    int status = 0;
    std::string_view body;
};

// Once it is whole.
std::optional<Answer> parse_answer(std::string_view text) {
    static constexpr std::string_view length_header = "\r\nContent-Length: ";
    const auto head = text.find("\r\n\r\n");
    if (head == std::string_view::npos) {
        return std::nullopt;
    }
    const auto at = text.substr(0, head).find(length_header);
    const auto length = at == std::string_view::npos
                            ? 0
                            : static_cast<std::size_t>(std::atol(
                                  std::string{text.substr(at + length_header.size(), 12)}.c_str()));
    if (text.size() < head + 4 + length) {
        return std::nullopt;
    }
    static constexpr std::string_view version = "HTTP/1.1 ";
    return Answer{.status = std::atoi(std::string{text.substr(version.size(), 4)}.c_str()),
                  .body = text.substr(head + 4, length)};
}

}  // namespace

BrokerLink::BrokerLink(std::string target, std::string agent)
    : target_{std::move(target)},
      agent_{std::move(agent)},
      backoff_{std::atol(setting("FAKE_BACKOFF_MS", "30000").c_str())} {
    if (exists()) {
        wait({});
    }
}

void BrokerLink::close() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

void BrokerLink::wait(std::chrono::milliseconds span) {
    phase_ = Phase::waiting;
    due_ = Steady::now() + span;
}

short BrokerLink::events() const {
    return phase_ == Phase::connecting ? POLLOUT : POLLIN;
}

int BrokerLink::patience() const {
    if (phase_ == Phase::silent) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_ - Steady::now());
    return static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0}));
}

BrokerLink::Happening BrokerLink::turn(bool ready) {
    const bool late = Steady::now() >= due_;
    switch (phase_) {
        case Phase::waiting:
            if (ready && fd_ >= 0) {  // the broker closed it meanwhile
                close();
            }
            return late ? begin() : Happening{};
        case Phase::connecting:
        case Phase::asking:
            if (ready) {
                return phase_ == Phase::connecting ? connected() : receive();
            }
            return late ? failed(
                              "The request was canceled due to the configured "
                              "HttpClient.Timeout of 100 seconds elapsing.")
                        : Happening{};
        case Phase::silent:
            break;
    }
    return {};
}

int BrokerLink::open_socket(bool blocking) const {
    const auto colon = target_.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(target_.c_str() + colon + 1)));
    ::inet_pton(AF_INET, target_.substr(0, colon).c_str(), &address.sin_addr);
    const int fd =
        ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
    const timeval second{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
        ::close(fd);
        return -1;
    }
    return fd;
}

// A failing loop says "Connected" before each try, as the real one does.
BrokerLink::Happening BrokerLink::begin() {
    if (session_.empty() && !std::exchange(announced_, true)) {
        return {.event = Event::connected, .text = {}};  // and comes back at once
    }
    announced_ = false;
    if (fd_ >= 0) {
        return ask();
    }
    fd_ = open_socket(false);
    if (fd_ < 0) {
        return failed("Connection refused" + subject());
    }
    phase_ = Phase::connecting;
    due_ = Steady::now() + backoff_ * 10 / 3;
    return {};
}

BrokerLink::Happening BrokerLink::connected() {
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) {
        return failed(std::generic_category().message(problem) + subject());
    }
    return ask();
}

std::string BrokerLink::request() const {
    const auto with = [&](const std::string& line, const std::string& body) {
        return line + " HTTP/1.1\r\nHost: " + target_ +
               "\r\nUser-Agent: GitHubActionsRunner-linux-x64/2.336.0\r\nAuthorization: Bearer "
               "fake\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    };
    if (session_.empty()) {
        const auto owner = "fake (PID: " + std::to_string(::getpid()) + ")";
        return with("POST /session",
                    R"({"ownerName": ")" + owner + R"(", "agent": )" + agent_ + "}");
    }
    return with("GET /message?sessionId=" + session_ + "&status=" + (busy_ ? "Busy" : "Online") +
                    "&runnerVersion=2.336.0&os=Linux&architecture=X64&disableUpdate=false",
                "");
}

BrokerLink::Happening BrokerLink::ask() {
    received_.clear();
    if (!send_all(fd_, request())) {
        return failed("An error occurred while sending the request.");
    }
    phase_ = Phase::asking;
    due_ = Steady::now() + backoff_ * 10 / 3;
    return {};
}

BrokerLink::Happening BrokerLink::receive() {
    std::array<char, 4096> chunk{};
    const auto got = ::recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return {};
    }
    if (got <= 0) {
        return failed(got == 0 ? "The response ended prematurely. (ResponseEnded)"
                               : std::generic_category().message(errno) + subject());
    }
    received_.append(chunk.data(), static_cast<std::size_t>(got));
    const auto answer = parse_answer(received_);
    return answer ? answered(answer->status, answer->body) : Happening{};
}

BrokerLink::Happening BrokerLink::answered(int status, std::string_view body) {
    wait({});
    return session_.empty() ? session_answered(status, body) : message_answered(status, body);
}

BrokerLink::Happening BrokerLink::session_answered(int status, std::string_view body) {
    if (status == 409) {
        return conflict();
    }
    conflict_since_.reset();
    if (status == 404) {
        return {.event = Event::unknown, .text = {}};
    }
    session_ = status == 200 ? member(body, "sessionId") : "";
    if (session_.empty()) {
        return failed("Response status code does not indicate success: " + std::to_string(status) +
                      ".");
    }
    tries_ = errors_ = 0;
    return {.event = Event::session, .text = {}};
}

BrokerLink::Happening BrokerLink::conflict() {
    const auto now = Steady::now();
    const auto since = conflict_since_.value_or(now);
    conflict_since_ = since;
    wait(backoff_);
    const bool last = now - since >= backoff_ * 8;  // 240 s
    return {.event = last ? Event::conflict_end : Event::conflict, .text = {}};
}

BrokerLink::Happening BrokerLink::message_answered(int status, std::string_view body) {
    if (status == 404) {
        return {.event = Event::gone, .text = {}};
    }
    if (status == 401 || status == 403) {
        return {.event = Event::denied, .text = {}};
    }
    if (status != 200 && status != 202) {
        return failed("Response status code does not indicate success: " + std::to_string(status) +
                      ".");
    }
    tries_ = 0;
    if (status == 202) {
        return {};
    }
    in_error_ = false;
    errors_ = 0;
    const auto type = member(body, "messageType");
    return {.event = type == "Ghost" ? Event::ghost : Event::job, .text = member(body, "body")};
}

// A call for a session is an error at once; a poll is one only after its tries.
BrokerLink::Happening BrokerLink::failed(const std::string& why) {
    close();
    if (!session_.empty() && ++tries_ < tries_of_a_call) {
        wait(backoff_ / 3);
        return {};
    }
    tries_ = 0;
    ++errors_;
    if (!session_.empty() && errors_ >= most_errors) {
        return {.event = Event::gave_up, .text = {}};
    }
    wait(session_.empty() ? backoff_ : errors_ <= 5 ? backoff_ * 3 / 4 : backoff_ * 3 / 2);
    return std::exchange(in_error_, true) ? Happening{}
                                          : Happening{.event = Event::error, .text = why};
}

void BrokerLink::lose() {
    close();
    phase_ = Phase::silent;
}

void BrokerLink::fall_deaf() {
    phase_ = Phase::silent;
}

void BrokerLink::resume() {
    close();
    in_error_ = false;
    tries_ = errors_ = 0;
    if (exists()) {
        wait({});
    }
}

void BrokerLink::leave() {
    close();
    if (session_.empty() || phase_ == Phase::silent) {
        return;
    }
    fd_ = open_socket(true);
    std::array<char, 512> answer{};
    if (fd_ >= 0 && send_all(fd_,
                             "DELETE /session?sessionId=" + session_ + " HTTP/1.1\r\nHost: " +
                                 target_ + "\r\nAuthorization: Bearer fake\r\n\r\n")) {
        [[maybe_unused]] const auto got = ::recv(fd_, answer.data(), answer.size(), 0);
    }
    lose();
}

}  // namespace paws::fake
