#include "tests/support/fake_unit.h"

#include "tests/support/paths.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paws {

namespace fs = std::filesystem;

namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{30};

fs::path tree() {
    const fs::path top{"/sys/fs/cgroup"};
    return fs::exists(top / "cgroup.controllers") ? top : top / "unified";
}

std::string comm_of(pid_t pid) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/comm"};
    std::string comm;
    std::getline(file, comm);
    return comm;
}

}  // namespace

bool FakeUnit::possible() {
    return ::access((tree() / "cgroup.procs").c_str(), W_OK) == 0;
}

FakeUnit::FakeUnit(const std::string& name)
    : root_{directory_.path() / "runner"},
      control_group_{"/paws-test-" + std::to_string(::getpid()) + "-" + name} {
    const auto lay_out = "PAWS_FAKE_RUNNER='" + tests::build_path("bin/paws_fake_runner") + "' '" +
                         tests::source_path("tests/support/make_fake_runner") + "' '" +
                         root_.string() + "' '" + name + "' >/dev/null";
    if (std::system(lay_out.c_str()) != 0) {
        throw std::runtime_error{"make_fake_runner failed"};
    }
    fs::create_directory(cgroup_directory());
}

FakeUnit::~FakeUnit() {
    // cgroup.kill came with Linux 5.14; what forks meanwhile is met in the next turn.
    for (int turn = 0; turn < 1000 && !pids().empty(); ++turn) {
        for (const auto pid : pids()) {
            ::kill(pid, SIGKILL);
        }
        ::poll(nullptr, 0, 2);
    }
    if (main_ > 0) {
        ::waitpid(main_, nullptr, 0);
    }
    ::rmdir(cgroup_directory().c_str());
}

fs::path FakeUnit::cgroup_directory() const {
    return tree() / control_group_.substr(1);
}

std::vector<pid_t> FakeUnit::pids() const {
    std::ifstream file{cgroup_directory() / "cgroup.procs"};
    std::vector<pid_t> pids;
    for (pid_t pid = 0; file >> pid;) {
        pids.push_back(pid);
    }
    return pids;
}

pid_t FakeUnit::start(const std::vector<std::string>& command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error{"no pipe"};
    }
    output_ = platform::UniqueFd{ends[0]};
    const platform::UniqueFd input{ends[1]};
    std::vector<std::string> words = command;
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    const auto procs = cgroup_directory() / "cgroup.procs";
    const auto where = root_.string();
    main_ = ::fork();
    if (main_ == 0) {
        const int file = ::open(procs.c_str(), O_WRONLY | O_CLOEXEC);
        const bool moved = ::write(file, "0", 1) == 1;
        ::dup2(input.get(), STDOUT_FILENO);
        ::dup2(input.get(), STDERR_FILENO);
        if (moved && ::chdir(where.c_str()) == 0) {
            ::execv(argv[0], argv.data());
        }
        ::_exit(127);
    }
    return main_;
}

void FakeUnit::tell(std::string_view command) const {
    const platform::UniqueFd control{
        ::open((root_ / ".fake/control").c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)};
    const auto line = std::string{command} + "\n";
    if (::write(control.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        throw std::runtime_error{"the fake runner takes no command"};
    }
}

bool FakeUnit::prints(std::string_view text) {
    const auto until = Steady::now() + patience;
    for (;;) {
        if (const auto at = seen_.find(text); at != std::string::npos) {
            seen_.erase(0, at + text.size());
            return true;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
        pollfd watched{.fd = output_.get(), .events = POLLIN, .revents = 0};
        if (left.count() <= 0 || ::poll(&watched, 1, static_cast<int>(left.count())) <= 0) {
            return false;
        }
        std::array<char, 4096> chunk{};
        const auto got = ::read(output_.get(), chunk.data(), chunk.size());
        if (got <= 0) {
            return false;
        }
        seen_.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

bool FakeUnit::has(std::string_view comm, bool present) const {
    const auto until = Steady::now() + patience;
    while (Steady::now() < until) {
        const auto all = pids();
        const bool found =
            std::ranges::any_of(all, [&](pid_t pid) { return comm_of(pid) == comm; });
        if (found == present) {
            return true;
        }
        ::poll(nullptr, 0, 2);  // no event tells of a comm
    }
    return false;
}

}  // namespace paws
