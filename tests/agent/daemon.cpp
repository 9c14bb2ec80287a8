#include "tests/agent/daemon.h"

#include "platform/control_client.h"
#include "tests/support/paths.h"

#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paws::agent {

namespace {

constexpr int patience_ms = 20'000;

std::vector<char*> pointers(std::vector<std::string>& list) {
    std::vector<char*> made;
    for (auto& entry : list) {
        made.push_back(entry.data());
    }
    made.push_back(nullptr);
    return made;
}

int spawn(std::vector<std::string> arguments,
          std::vector<std::string> environment,
          const std::string& output) {
    arguments.insert(arguments.begin(), tests::build_path("bin/paws-agent"));
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(
        &actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    int pid = -1;
    const int failed = ::posix_spawn(&pid,
                                     arguments.front().c_str(),
                                     &actions,
                                     nullptr,
                                     pointers(arguments).data(),
                                     pointers(environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        throw std::runtime_error{arguments.front() + ": " + std::strerror(failed)};
    }
    return pid;
}

std::optional<int> wait_for(int pid) {
    const platform::UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ended, 1, patience_ms) <= 0) {
        return std::nullopt;
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}

}  // namespace

NotifySocket::NotifySocket(const std::string& path)
    : fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error{path + ": " + std::strerror(errno)};
    }
}

std::optional<std::string> NotifySocket::next() {
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, patience_ms) <= 0) {
        return std::nullopt;
    }
    std::array<char, 4096> text{};
    const auto got = ::recv(fd_.get(), text.data(), text.size(), 0);
    return std::string{text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

std::optional<std::string> NotifySocket::next_with(std::string_view part) {
    for (int tries = 0; tries < 1000; ++tries) {
        auto message = next();
        if (!message || message->find(part) != std::string::npos) {
            return message;
        }
    }
    return std::nullopt;
}

Daemon::Daemon(const std::string& more_config, std::vector<std::string> environment) {
    configure(more_config);
    environment.emplace_back("PATH=/usr/bin:/bin");
    environment.push_back("NOTIFY_SOCKET=" + path("notify"));
    pid_ = spawn({"--config", path("agent.toml")}, std::move(environment), path("log"));
}

Daemon::~Daemon() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

void Daemon::configure(const std::string& more_config) const {
    std::ofstream{path("agent.toml")} << "[agent]\nstate_dir = '" << path("state")
                                      << "'\nruntime_dir = '" << path("run")
                                      << "'\n[web]\nlisten = ['unix:" << path("web.sock") << "']\n"
                                      << more_config;
}

void Daemon::signal(int number) const {
    ::kill(pid_, number);
}

std::optional<int> Daemon::exit_code() {
    const auto code = wait_for(pid_);
    if (code) {
        pid_ = -1;
    }
    return code;
}

std::string Daemon::ask(std::string_view verb) const {
    const auto answer =
        platform::ask_control(path("run/control.sock"),
                              R"({"version":1,"verb":")" + std::string{verb} + "\"}",
                              std::chrono::milliseconds{patience_ms});
    return answer ? *answer : answer.error().what;
}

platform::UniqueFd Daemon::connect(const std::string& socket) const {
    platform::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path(socket).c_str(), sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(fd.get(), generic, sizeof address) == 0 ? std::move(fd) : platform::UniqueFd{};
}

std::string Daemon::get(const std::string& target) const {
    const auto fd = connect("web.sock");
    if (!fd) {
        return std::strerror(errno);
    }
    const timeval limit{.tv_sec = patience_ms / 1000, .tv_usec = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const auto request = "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    ::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    std::array<char, 16384> chunk{};
    for (;;) {
        const auto got = ::recv(fd.get(), chunk.data(), chunk.size(), 0);
        if (got <= 0) {
            return answer;
        }
        answer.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

std::string Daemon::log() const {
    return read_file(path("log"));
}

Ended run_agent(const std::vector<std::string>& arguments) {
    const TemporaryDirectory directory;
    const std::string output = directory.path() / "output";
    const auto code = wait_for(spawn(arguments, {"PATH=/usr/bin:/bin"}, output));
    return {.code = code.value_or(-1), .output = read_file(output)};
}

}  // namespace paws::agent
