#include "agent/control.h"

#include "platform/unique_fd.h"
#include "tests/agent/fakes.h"
#include "tests/support/temporary_directory.h"

#include <cstring>
#include <fstream>
#include <functional>
#include <vector>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace paws;
using namespace paws::agent;
using fakes::run_until;
using namespace std::chrono_literals;

namespace {

platform::UniqueFd connect_to(const std::filesystem::path& path) {
    platform::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(fd.get(), generic, sizeof address) == 0 ? std::move(fd) : platform::UniqueFd{};
}

class Client {
public:
    explicit Client(const std::filesystem::path& path) : fd_{connect_to(path)} { REQUIRE(fd_); }

    Client& send(std::string_view text) {
        REQUIRE(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == std::ssize(text));
        return *this;
    }
    Client& finish_sending() {
        REQUIRE(::shutdown(fd_.get(), SHUT_WR) == 0);
        return *this;
    }
    void hang_up() { fd_ = {}; }

    // All that is answered until the agent closes.
    std::string answer(boost::asio::io_context& loop) {
        bool closed = false;
        REQUIRE(run_until(loop, [&] {
            std::array<char, 4096> chunk{};
            const auto got = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
            if (got > 0) {
                answer_.append(chunk.data(), static_cast<std::size_t>(got));
            }
            closed = got == 0 || (got < 0 && errno != EAGAIN);
            return closed;
        }));
        return answer_;
    }

private:
    platform::UniqueFd fd_;
    std::string answer_;
};

// Answers with what was asked and by whom.
struct Answering {
    explicit Answering(std::chrono::nanoseconds patience = fakes::at_most) {
        auto opened = Control::open(
            loop,
            directory.path(),
            {.respond = [this](std::string request,
                               platform::Peer peer) -> boost::asio::awaitable<std::string> {
                 ++requests;
                 last_peer = peer;
                 if (request == "throw") {
                     throw std::logic_error{"oops"};
                 }
                 co_return "<" + request + ">\n";
             },
             .is_operator = [this](const platform::Peer& peer) { return is_operator(peer); }},
            patience);
        REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().what));
        control = std::move(*opened);
    }

    TemporaryDirectory directory;
    boost::asio::io_context loop;
    std::unique_ptr<Control> control;
    void let_users_in() const {
        std::filesystem::permissions(directory.path(), std::filesystem::perms{0755});
    }

    std::function<bool(const platform::Peer&)> is_operator = [](const auto&) { return false; };
    platform::Peer last_peer;
    int requests = 0;
    std::filesystem::path socket = directory.path() / "control.sock";
};

const std::string crowded = refusal(
    Refusal::unavailable,
    "too many ask at once; ask again, or see who they are: ps -fp " + std::to_string(::getpid()));

// Conversations in which nothing is asked.
std::vector<Client> idle(const Answering& agent, std::size_t count, uid_t user = ::geteuid()) {
    const auto before = ::geteuid();
    REQUIRE(::seteuid(user) == 0);
    std::vector<Client> clients;
    while (clients.size() < count) {
        clients.emplace_back(agent.socket);
    }
    REQUIRE(::seteuid(before) == 0);
    return clients;
}

}  // namespace

TEST_CASE("control: one line asked, one answered, then it closes") {
    Answering agent;
    CHECK(Client{agent.socket}.send("hello\n").answer(agent.loop) == "<hello>\n");
    CHECK(Client{agent.socket}.send("a\nb\n").answer(agent.loop) == "<a>\n");
    CHECK(agent.last_peer.pid == ::getpid());
    CHECK(agent.last_peer.uid == ::getuid());
}

TEST_CASE("control: everybody may connect") {
    const Answering agent;
    struct stat found {};
    REQUIRE(::stat(agent.socket.c_str(), &found) == 0);
    CHECK((found.st_mode & 07777) == 0666);
}

TEST_CASE("control: a client that half-closes is answered") {
    Answering agent;
    CHECK(Client{agent.socket}.send("hello").finish_sending().answer(agent.loop) == "<hello>\n");
    CHECK(Client{agent.socket}.finish_sending().answer(agent.loop).empty());
    CHECK(agent.requests == 1);
}

TEST_CASE("control: a slow client delays nobody") {
    Answering agent;
    Client slow{agent.socket};
    slow.send("hel");
    CHECK(Client{agent.socket}.send("quick\n").answer(agent.loop) == "<quick>\n");
    slow.send("lo\n");
    CHECK(slow.answer(agent.loop) == "<hello>\n");
}

TEST_CASE("control: a client that asks nothing is sent away when its time is up") {
    Answering agent{50ms};
    Client idle{agent.socket};
    const auto begun = std::chrono::steady_clock::now();
    CHECK(idle.answer(agent.loop).empty());
    CHECK(std::chrono::steady_clock::now() - begun >= 50ms);
}

TEST_CASE("control: a request that is too long is refused") {
    Answering agent;
    Client wordy{agent.socket};
    wordy.send(std::string(request_limit + 1, 'x'));
    const auto answer = wordy.answer(agent.loop);
    CHECK(answer == refusal(Refusal::usage, "a request has at most 65536 bytes"));
    CHECK(Client{agent.socket}
              .send(std::string(request_limit, 'x') + "\n")
              .answer(agent.loop)
              .size() == request_limit + 3);
}

TEST_CASE("control: a client that goes away, or an answer that fails, harms nobody") {
    Answering agent;
    Client gone{agent.socket};
    gone.send("hello\n").hang_up();
    Client silent{agent.socket};
    silent.hang_up();
    CHECK(Client{agent.socket}.send("throw\n").answer(agent.loop) ==
          refusal(Refusal::unavailable, "a bug in the agent: oops"));
    CHECK(Client{agent.socket}.send("still there\n").answer(agent.loop) == "<still there>\n");
}

TEST_CASE("control: one user has at most eight conversations at once") {
    Answering agent;
    auto clients = idle(agent, 9);
    CHECK(clients.back().answer(agent.loop) == crowded);
    CHECK(clients.front().send("x\n").answer(agent.loop) == "<x>\n");
    CHECK(Client{agent.socket}.send("y\n").answer(agent.loop) == "<y>\n");
}

TEST_CASE("control: a job's conversations do not count against the operator of the same account") {
    Answering agent;
    auto of_the_job = idle(agent, 9);
    CHECK(of_the_job.back().answer(agent.loop) == crowded);
    agent.is_operator = [](const auto&) { return true; };
    CHECK(Client{agent.socket}.send("x\n").answer(agent.loop) == "<x>\n");
    auto of_the_operator = idle(agent, 9);
    CHECK(of_the_operator.back().answer(agent.loop) == crowded);
}

TEST_CASE("control: strangers cannot take the seats of the operators" *
          doctest::test_suite("root") * doctest::skip(::getuid() != 0)) {
    Answering agent;
    agent.let_users_in();
    agent.is_operator = [](const platform::Peer& peer) { return peer.uid <= 1; };
    std::vector<std::vector<Client>> strangers;
    for (uid_t user = 100'000; user < 100'003; ++user) {
        strangers.push_back(idle(agent, 8, user));
    }
    auto one_more = idle(agent, 1, 100'003);
    CHECK(one_more.front().answer(agent.loop) == crowded);
    CHECK(Client{agent.socket}.send("x\n").answer(agent.loop) == "<x>\n");

    const auto operators = idle(agent, 8, 1);
    CHECK(Client{agent.socket}.send("x\n").answer(agent.loop) == crowded);
    CHECK(strangers.front().front().send("late\n").answer(agent.loop) == "<late>\n");
    CHECK(Client{agent.socket}.send("x\n").answer(agent.loop) == "<x>\n");
}

TEST_CASE("control: the socket a crash left is replaced") {
    TemporaryDirectory directory;
    const auto path = directory.path() / "control.sock";
    {
        platform::UniqueFd dead{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        REQUIRE(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
    }
    std::ofstream{directory.path() / "agent.lock"} << "12345\n";  // nobody holds it
    REQUIRE_FALSE(connect_to(path));
    boost::asio::io_context loop;
    REQUIRE(Control::open(loop, directory.path(), {}));
}

TEST_CASE("control: another agent that lives there is named") {
    Answering agent;
    const auto second = Control::open(agent.loop, agent.directory.path(), {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::unavailable);
    CHECK(second.error().what == "another paws-agent runs already (" +
                                     (agent.directory.path() / "agent.lock").string() +
                                     ": held by pid " + std::to_string(::getpid()) +
                                     "); stop it, or give this one its own [agent] runtime_dir");
    CHECK(Client{agent.socket}.send("mine\n").answer(agent.loop) == "<mine>\n");
}

TEST_CASE("control: what is no socket is not removed") {
    TemporaryDirectory directory;
    std::ofstream{directory.path() / "control.sock"} << "precious";
    boost::asio::io_context loop;
    CHECK_FALSE(Control::open(loop, directory.path(), {}));
    CHECK(std::filesystem::file_size(directory.path() / "control.sock") == 8);
}

TEST_CASE("control: a clean end removes the socket and frees the place") {
    Answering agent;
    agent.control.reset();
    CHECK_FALSE(std::filesystem::exists(agent.socket));
    CHECK(Control::open(agent.loop, agent.directory.path(), {}));
}
