// Daemon: the built paws-agent as a process of its own, with a service manager's socket to talk to.

#pragma once

#include "platform/unique_fd.h"
#include "tests/support/temporary_directory.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::agent {

// The service manager's end of sd_notify(3).
class NotifySocket {
public:
    explicit NotifySocket(const std::string& path);

    // The next message; nothing when none comes in time.
    std::optional<std::string> next();
    // The first message with `part` in it; those before it are dropped.
    std::optional<std::string> next_with(std::string_view part);

private:
    platform::UniqueFd fd_;
};

class Daemon {
public:
    // `environment` beside PATH and NOTIFY_SOCKET. A state and runtime directory are in `config`.
    explicit Daemon(const std::string& more_config = "", std::vector<std::string> environment = {});
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    Daemon(Daemon&&) = delete;
    Daemon& operator=(Daemon&&) = delete;
    ~Daemon();

    void configure(const std::string& more_config) const;
    void signal(int number) const;
    // Its exit code; nothing when it does not end in time.
    std::optional<int> exit_code();

    // To "run/control.sock" or "web.sock"; empty when it does not take it.
    platform::UniqueFd connect(const std::string& socket) const;
    // The answer to {"version":1,"verb":...}.
    std::string ask(std::string_view verb) const;
    // The whole HTTP answer.
    std::string get(const std::string& target) const;
    std::string log() const;
    int pid() const { return pid_; }
    std::string path(const std::string& name) const { return directory_.path() / name; }

private:
    TemporaryDirectory directory_;

public:
    NotifySocket manager{path("notify")};

private:
    int pid_ = -1;
};

struct Ended {
    int code = -1;
    std::string output;  // stdout and stderr
};
// Runs paws-agent to its end.
Ended run_agent(const std::vector<std::string>& arguments);

}  // namespace paws::agent
