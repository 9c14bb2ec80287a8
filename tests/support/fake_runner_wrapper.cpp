// The wrapper: Misc/RunnerService.js line by line, with its relaunch rules.
#include "tests/support/fake_runner.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paws::fake {

namespace {

using Steady = std::chrono::steady_clock;

std::filesystem::path listener_program() {
    return std::filesystem::current_path() / "bin/Runner.Listener";
}

class Wrapper {
public:
    int run() {
        launch();
        print("Started running service");
        while (listener_ || relaunch_ || missing_) {
            wait();
        }
        return 0;  // node ends with 0 whatever the listener's code was
    }

private:
    void launch();
    void wait();
    void forward();
    void ended(std::optional<int> code);
    void retry(std::string_view why);
    void undefined();
    void shut_down();
    int patience() const;

    int signals_ = signal_fd({SIGINT, SIGTERM});
    std::optional<pid_t> listener_;
    int output_ = -1;
    std::optional<Steady::time_point> relaunch_;
    std::optional<Steady::time_point> kill_;
    bool missing_ = false;  // the listener's program, as the last launch found
    bool stopping_ = false;
    int retriable_ = 0;
    int unknown_ = 0;
};

void Wrapper::launch() {
    relaunch_.reset();
    if (stopping_) {
        return;
    }
    const auto program = listener_program();
    print("Starting Runner listener with startup type: service");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        std::abort();
    }
    listener_ = start(program, {"run", "--startuptype", "service"}, ends[1]);
    ::close(ends[1]);
    if (!listener_) {
        ::close(ends[0]);
        print("Started listener process, pid: undefined");
        missing_ = true;
        return;
    }
    output_ = ends[0];
    print("Started listener process, pid: " + std::to_string(*listener_));
}

int Wrapper::patience() const {
    auto until = Steady::time_point::max();
    for (const auto& deadline : {relaunch_, kill_}) {
        until = std::min(until, deadline.value_or(until));
    }
    if (until == Steady::time_point::max()) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
    return static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0}));
}

void Wrapper::wait() {
    if (missing_) {  // node hears of it only after the launch has returned
        missing_ = false;
        print("Runner listener fail to start with error spawn " + listener_program().string() +
              " ENOENT");
        ended(-2);
        return;
    }
    std::array<pollfd, 2> watched{
        {{.fd = signals_, .events = POLLIN, .revents = 0},
         {.fd = listener_ ? output_ : -1, .events = POLLIN, .revents = 0}}};
    ::poll(watched.data(), watched.size(), patience());
    if (watched[0].revents != 0 && take_signal(signals_) != 0) {
        shut_down();
    }
    if (watched[1].revents != 0) {
        forward();
    }
    if (kill_ && listener_ && Steady::now() >= *kill_) {
        ::kill(*listener_, SIGKILL);
        kill_.reset();
    }
    if (relaunch_ && Steady::now() >= *relaunch_) {
        launch();
    }
}

// Chunks go on as they come; the end of the pipe is node's "close".
void Wrapper::forward() {
    std::array<char, 65536> chunk{};
    const auto got = ::read(output_, chunk.data(), chunk.size());
    if (got > 0) {
        const std::string_view text{chunk.data(), static_cast<std::size_t>(got)};
        if (text.find("Listening for Jobs") != std::string_view::npos) {
            unknown_ = 0;
            retriable_ = 0;
        }
        print(text.substr(0, text.size() - (text.ends_with('\n') ? 1 : 0)));
        return;
    }
    ::close(output_);
    int status = 0;
    ::waitpid(*listener_, &status, 0);
    ended(exit_code(status));
}

void Wrapper::ended(std::optional<int> code) {
    listener_.reset();
    print("Runner listener exited with error code " + (code ? std::to_string(*code) : "null"));
    if (code == 0) {
        print("Runner listener exit with 0 return code, stop the service, no retry needed.");
        stopping_ = true;
    } else if (code == 1) {
        print("Runner listener exit with terminated error, stop the service, no retry needed.");
        stopping_ = true;
    } else if (code == 2) {
        retry("Runner listener exit with retryable error, re-launch runner in 5 seconds.");
    } else if (code >= 3 && code <= 4) {
        retry("Runner listener exit because of updating, re-launch runner in 5 seconds.");
    } else if (code == 5) {
        print(
            "Runner listener exit with Session Conflict error, stop the service, no retry needed.");
        stopping_ = true;
    } else {
        undefined();
    }
    if (!stopping_) {
        const auto delay = std::atoi(setting("FAKE_RELAUNCH_MS", "5000").c_str());
        relaunch_ = Steady::now() + std::chrono::milliseconds{delay};
    }
}

void Wrapper::retry(std::string_view why) {
    print(why);
    unknown_ = 0;
    if (++retriable_ >= 10) {
        print("Stopping the runner after 10 consecutive re-tryable failures");
        stopping_ = true;
    }
}

void Wrapper::undefined() {
    static constexpr auto prefix = "Runner listener exit with undefined return code, ";
    const auto allowed =
        std::atoi(setting("GITHUB_ACTIONS_SERVICE_EXIT_AFTER_N_FAILURES", "0").c_str());
    ++unknown_;
    retriable_ = 0;
    if (allowed > 0 && unknown_ >= allowed) {
        print(prefix + ("exiting service after " + std::to_string(unknown_)) +
              " consecutive failures");
        stopping_ = true;
    } else {
        print(prefix + std::string{"re-launch runner in 5 seconds."});
    }
}

void Wrapper::shut_down() {
    print("Shutting down runner listener");
    stopping_ = true;
    relaunch_.reset();
    if (listener_) {
        print("Sending SIGINT to runner listener to stop");
        ::kill(*listener_, SIGINT);
        print("Sending SIGKILL to runner listener");
        kill_ = Steady::now() + std::chrono::seconds{30};
    }
}

}  // namespace

int play_wrapper() {
    return Wrapper{}.run();
}

}  // namespace paws::fake
