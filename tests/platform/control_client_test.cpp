#include "platform/control_client.h"

#include "platform/unique_fd.h"
#include "tests/support/fake_agent.h"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace paws;
using namespace paws::platform;
using namespace paws::tests;
using namespace std::chrono_literals;

namespace {

Errc failure_of(const FakeAgent& agent, std::chrono::milliseconds patience = 20s) {
    const auto answer = ask_control(agent.socket(), "{}", patience);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().what.starts_with(agent.socket() + ": "));
    return answer.error().code;
}

// Connections that wait in the queue of `socket` until it is full.
std::vector<UniqueFd> fill_queue(const std::string& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(static_cast<char*>(address.sun_path), socket.data(), socket.size());
    std::vector<UniqueFd> waiting;
    do {
        waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    } while (waiting.size() < 100 && ::connect(waiting.back().get(),
                                               reinterpret_cast<const sockaddr*>(&address),
                                               sizeof(address)) == 0);
    return waiting;
}

}  // namespace

TEST_CASE("ask_control: sends one line and returns the line that comes back") {
    const FakeAgent agent{answering(R"({"version":1})")};
    const auto answer = ask_control(agent.socket(), R"({"verb":"status"})", 20s);
    REQUIRE(answer);
    CHECK(*answer == R"({"version":1})");
    CHECK(agent.requests() == std::vector<std::string>{R"({"verb":"status"})"});
}

TEST_CASE("ask_control: takes an answer that comes in pieces") {
    const FakeAgent agent{[](int connection, const std::string&) {
        for (const auto* piece : {"{\"ver", "sion\"", ":1}", "\n"}) {
            send_text(connection, piece);
        }
    }};
    CHECK(*ask_control(agent.socket(), "{}", 20s) == R"({"version":1})");
}

TEST_CASE("ask_control: takes a long answer whole") {
    const std::string text(3'000'000, 'x');
    const FakeAgent agent{answering(text)};
    const auto answer = ask_control(agent.socket(), "{}", 20s);
    REQUIRE(answer);
    CHECK(*answer == text);
}

TEST_CASE("ask_control: an agent that says nothing is a timeout") {
    const FakeAgent agent{
        [](int connection, const std::string&) { wait_until_closed(connection); }};
    CHECK(failure_of(agent, 50ms) == Errc::timeout);
}

TEST_CASE("ask_control: an agent that stops in the middle is a timeout") {
    const FakeAgent agent{[](int connection, const std::string&) {
        send_text(connection, "{\"version\":");
        wait_until_closed(connection);
    }};
    CHECK(failure_of(agent, 50ms) == Errc::timeout);
}

TEST_CASE("ask_control: an agent that accepts nobody is a timeout") {
    const FakeAgent agent{
        [](int connection, const std::string&) { wait_until_closed(connection); }};
    const auto waiting = fill_queue(agent.socket());
    REQUIRE(waiting.size() < 100);
    CHECK(failure_of(agent, 50ms) == Errc::timeout);
}

TEST_CASE("ask_control: an agent that closes at once is malformed") {
    const FakeAgent agent{[](int, const std::string&) {}};
    CHECK(failure_of(agent) == Errc::malformed);
}

TEST_CASE("ask_control: an answer without its end is malformed") {
    const FakeAgent agent{
        [](int connection, const std::string&) { send_text(connection, "{\"version\":1"); }};
    CHECK(failure_of(agent) == Errc::malformed);
}

TEST_CASE("ask_control: an answer of two lines is malformed") {
    const FakeAgent agent{
        [](int connection, const std::string&) { send_text(connection, "{}\n{}\n"); }};
    CHECK(failure_of(agent) == Errc::malformed);
}

TEST_CASE("ask_control: an answer without end stops at the limit") {
    const FakeAgent agent{[](int connection, const std::string&) {
        const std::string piece(1U << 20U, 'x');
        for (std::size_t sent = 0; sent <= control_answer_limit; sent += piece.size()) {
            send_text(connection, piece);
        }
    }};
    CHECK(failure_of(agent, 60s) == Errc::malformed);
}

TEST_CASE("ask_control: an agent that answers before it has read everything is still heard") {
    const FakeAgent agent{answering(R"({"ok":false})")};
    const std::string request(2'000'000, 'x');  // more than the agent is ready to read
    CHECK(*ask_control(agent.socket(), request, 20s) == R"({"ok":false})");
}

TEST_CASE("ask_control: no socket, nobody behind it, and a path too long are told apart") {
    CHECK(ask_control("/nonexistent/control.sock", "{}", 1s).error().code == Errc::absent);
    CHECK(ask_control(std::string(200, 'x'), "{}", 1s).error().code == Errc::absent);
    CHECK(ask_control("", "{}", 1s).error().code == Errc::absent);
    std::string left_over;
    {
        const FakeAgent agent{answering("{}")};
        left_over = agent.socket() + "2";
        std::filesystem::rename(agent.socket(), left_over);
        CHECK(*ask_control(left_over, "{}", 20s) == "{}");
        std::filesystem::rename(left_over, std::filesystem::temp_directory_path() / "paws-left");
    }
    const auto dead = (std::filesystem::temp_directory_path() / "paws-left").string();
    CHECK(ask_control(dead, "{}", 1s).error().code == Errc::unavailable);
    std::filesystem::remove(dead);
}
