// Jobs: the listener's queue of work, the worker of the job that runs, and the lease that is
// renewed meanwhile (L/JobDispatcher.cs).

#pragma once

#include "tests/support/fake_runner.h"
#include "tests/support/fake_runner_trace.h"

#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include <sys/types.h>

namespace paws::fake {

class Jobs {
public:
    explicit Jobs(const Trace& trace) : trace_{trace} {}

    void add(const Work& work);  // begins it when none runs
    bool busy() const { return job_.has_value(); }
    void reap(bool take_next);  // after SIGCHLD
    void cancel();              // SIGINT to the worker, and waits for it
    void kill(int signal);

    int patience() const;  // milliseconds until renew() has something to do; -1: not by itself
    void renew();
    void let_renewals_fail(bool fail) { failing_ = fail; }

private:
    using Steady = std::chrono::steady_clock;
    struct Running {
        Work work;
        pid_t worker = 0;
        std::string guid;
        Steady::time_point renewal;
    };

    void next();
    void finish(std::string_view result);

    const Trace& trace_;
    std::chrono::milliseconds pace_{std::stol(setting("FAKE_RENEW_MS", "60000"))};
    std::deque<Work> queue_;
    std::optional<Running> job_;
    std::uint64_t run_id_ = 1000;
    bool failing_ = false;
};

}  // namespace paws::fake
