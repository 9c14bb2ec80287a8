// The worker: lives as long as its job, as words of the job's name tell it:
//   eat=64M     holds that much touched memory      burn      keeps one CPU busy
//   write=10M   writes that much below _work/_temp  steps=3   child processes named bash
//   forge       a child that calls itself Runner.Worker
//   leave       its children outlive it            run=123   its run's id, for the hooks
// Its hooks run first and last, as W/JobHookProvider.cs runs them; one that fails, fails the job.
#include "tests/support/fake_runner.h"
#include "tests/support/fake_runner_trace.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paws::fake {

namespace {

using Steady = std::chrono::steady_clock;

// "64M" in bytes.
std::size_t amount(std::string_view text) {
    const auto number = static_cast<std::size_t>(std::atol(std::string{text}.c_str()));
    switch (text.empty() ? ' ' : text.back()) {
        case 'K':
            return number << 10U;
        case 'M':
            return number << 20U;
        case 'G':
            return number << 30U;
        default:
            return number;
    }
}

void write_file(std::size_t bytes) {
    const auto path = own_directory().parent_path() / "_work/_temp/written";
    std::ofstream file{path, std::ios::binary};
    const std::string block(1U << 16U, 'x');
    for (std::size_t left = bytes; left > 0; left -= std::min(left, block.size())) {
        file.write(block.data(), static_cast<std::streamsize>(std::min(left, block.size())));
    }
    file.flush();
    ::sync();
}

void trace_beginning(const Trace& trace) {
    const auto guid = setting("FAKE_JOB_GUID", "");
    trace.write(
        "Worker",
        "Job message:\n " + to_json({.job = guid,
                                     .plan = setting("FAKE_JOB_PLAN", ""),
                                     .name = setting("FAKE_JOB_NAME", ""),
                                     .repository = setting("FAKE_REPOSITORY", "acme/widgets"),
                                     .workflow = setting("FAKE_WORKFLOW", "ci"),
                                     .run_id = setting("FAKE_RUN_ID", "1000"),
                                     .run_attempt = setting("FAKE_RUN_ATTEMPT", "1")}));
    trace.write("JobRunner", "Job ID " + guid);
    trace.write("StepsRunner", "Processing step: DisplayName='Run build'");
}

void trace_end(const Trace& trace, int result) {
    const std::string word{result_word(result)};
    trace.write("StepsRunner", "Step result: " + word);
    trace.write("JobRunner", "Job result after all job steps finish: " + word);
    trace.write("JobRunner", "Raising job completed against run service");
    trace.write("JobServerQueue",
                "All queue process tasks have been stopped, and all queues are drained.");
    trace.write("Worker", "Job completed.");
}

class Worker {
public:
    int run();

private:
    bool run_hook(const char* setting_name) const;
    void do_word(std::string_view word);
    void start_child(const char* name);
    bool wait_until(Steady::time_point end) const;  // false: interrupted

    int seconds_ = std::atoi(setting("FAKE_JOB_SECONDS", "1").c_str());
    std::string memory_;
    std::string run_id_ = "1";
    std::vector<pid_t> children_;
    bool burn_ = false;
    bool leave_ = false;
};

int Worker::run() {
    signal_fd({SIGINT, SIGTERM});
    const Trace trace{own_directory().parent_path(), "Worker"};
    trace_beginning(trace);
    const auto end = Steady::now() + std::chrono::seconds{seconds_};
    std::istringstream words{setting("FAKE_JOB_NAME", "")};
    for (std::string word; words >> word;) {
        do_word(word);
    }
    const bool began = run_hook("ACTIONS_RUNNER_HOOK_JOB_STARTED");
    const bool finished = wait_until(end);
    if (!leave_) {
        for (const auto child : children_) {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        }
    }
    int result = 3;
    if (finished) {
        const bool ended = run_hook("ACTIONS_RUNNER_HOOK_JOB_COMPLETED");
        result = began && ended ? std::atoi(setting("FAKE_JOB_RESULT", "0").c_str()) : 2;
    }
    trace_end(trace, result);
    return 100 + result;
}

// True when there is none, or it exits with 0.
bool Worker::run_hook(const char* setting_name) const {
    const auto script = setting(setting_name, "");
    if (script.empty()) {
        return true;
    }
    set("GITHUB_REPOSITORY", setting("FAKE_REPOSITORY", "acme/widgets"));
    set("GITHUB_WORKFLOW", "CI");
    set("GITHUB_JOB", "build");
    set("GITHUB_RUN_ID", run_id_);
    set("GITHUB_RUN_ATTEMPT", "1");
    set("RUNNER_NAME", own_directory().parent_path().filename());
    const auto hook = start("/bin/bash", {"-e", script}, STDOUT_FILENO);
    int status = 0;
    return hook && ::waitpid(*hook, &status, 0) == *hook && exit_code(status) == 0;
}

void Worker::do_word(std::string_view word) {
    const auto equals = std::min(word.find('='), word.size());
    const auto key = word.substr(0, equals);
    const auto value = word.substr(std::min(equals + 1, word.size()));
    if (key == "eat") {
        memory_.assign(amount(value), 'x');
    } else if (key == "write") {
        write_file(amount(value));
    } else if (key == "steps") {
        for (auto left = amount(value); left > 0; --left) {
            start_child("bash");
        }
    } else if (key == "forge") {
        start_child("Runner.Worker");
    } else if (key == "run") {
        run_id_ = value;
    } else if (key == "burn") {
        burn_ = true;
    } else if (key == "leave") {
        leave_ = true;
    }
}

void Worker::start_child(const char* name) {
    const auto child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_NAME, name);
        std::_Exit(play_step(seconds_ + (leave_ ? 60 : 0)));
    }
    children_.push_back(child);
}

bool Worker::wait_until(Steady::time_point end) const {
    sigset_t set{};
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGTERM);
    for (auto now = Steady::now(); now < end; now = Steady::now()) {
        const auto left = burn_ ? std::chrono::nanoseconds{0} : std::chrono::nanoseconds{end - now};
        const timespec patience{.tv_sec = left.count() / 1'000'000'000,
                                .tv_nsec = left.count() % 1'000'000'000};
        if (::sigtimedwait(&set, nullptr, &patience) > 0) {
            return false;
        }
    }
    return true;
}

}  // namespace

int play_worker() {
    return Worker{}.run();
}

int play_step(int seconds) {
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    sigset_t none{};
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    const timespec patience{.tv_sec = seconds, .tv_nsec = 0};
    ::nanosleep(&patience, nullptr);
    return 0;
}

}  // namespace paws::fake
