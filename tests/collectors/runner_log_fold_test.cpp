#include "collectors/runner_log_fold.h"

#include <cstdint>
#include <numeric>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};

// Folds lines, each `after` the first.
struct Told {
    RunnerLog log;

    Told& operator()(std::chrono::nanoseconds after, std::string_view line) {
        const auto event = parse_listener_line(line);
        INFO(std::string{line});
        REQUIRE(event);
        fold(log, *event, eight + after);
        return *this;
    }
};

constexpr std::string_view starting = "Starting Runner listener with startup type: service";
constexpr std::string_view listening = "2026-01-12 08:00:04Z: Listening for Jobs";
constexpr std::string_view runs_a = "2026-01-12 08:00:04Z: Running job: a";
constexpr std::string_view runs_b = "2026-01-12 08:00:04Z: Running job: b";
constexpr std::string_view a_succeeded =
    "2026-01-12 08:00:04Z: Job a completed with result: Succeeded";
constexpr std::string_view connect_error =
    "2026-01-12 08:00:04Z: Runner connect error: Name or service not known. Retrying until "
    "reconnected.";
constexpr std::string_view killed = "Runner listener exited with error code null";

}  // namespace

TEST_CASE("fold: a job has a beginning, an end, a result and a duration") {
    Told told;
    told(0s, starting)(4s, "Current runner version: '2.336.0'")(4s, listening)(10s, runs_a);
    CHECK(told.log.version == "2.336.0");
    CHECK(told.log.started == eight);
    CHECK(told.log.listening == eight + 4s);
    REQUIRE(told.log.job);
    CHECK(told.log.job->name == "a");
    CHECK(told.log.job->started == eight + 10s);
    told(70s, a_succeeded);
    CHECK_FALSE(told.log.job);
    REQUIRE(told.log.finished.size() == 1);
    CHECK(told.log.finished[0].result == JobResult::succeeded);
    CHECK(told.log.finished[0].finished == eight + 70s);
    CHECK(told.log.counters.jobs[JobResult::succeeded] == 1);
    CHECK(told.log.counters.job_duration_sum_seconds == doctest::Approx(60));
    CHECK(told.log.counters.job_durations[2] == 1);  // 60 s: the bucket up to and with 60
    CHECK(told.log.contact == eight + 70s);
}

TEST_CASE("fold: a duration beyond every bound is in the last bucket") {
    Told told;
    told(0s, runs_a)(9h, a_succeeded);
    CHECK(told.log.counters.job_durations.back() == 1);
}

TEST_CASE("fold: a job without an end is lost to the next job, session, exit or start") {
    Told told;
    told(0s, listening)(1s, runs_a)(2s, runs_b)(3s, listening)(4s, runs_a)(5s, killed)(
        6s, starting)(7s, runs_b)(8s, starting);
    auto& counters = told.log.counters;
    CHECK(counters.lost[LostReason::superseded] == 1);
    CHECK(counters.lost[LostReason::session_restart] == 1);
    CHECK(counters.lost[LostReason::listener_exit] == 2);
    CHECK(counters.jobs[JobResult::lost] == 4);
    CHECK(counters.job_duration_sum_seconds == 0);
    CHECK(told.log.finished.size() == 4);
    CHECK_FALSE(told.log.job);
}

TEST_CASE("fold: an end whose beginning was not seen counts without a duration") {
    Told told;
    told(5s, a_succeeded);
    CHECK(told.log.counters.jobs[JobResult::succeeded] == 1);
    CHECK(told.log.counters.jobs.count(JobResult::lost) == 0);
    const auto& durations = told.log.counters.job_durations;
    CHECK(std::accumulate(durations.begin(), durations.end(), std::uint64_t{0}) == 0);
    told(6s, runs_b)(7s, a_succeeded);
    CHECK(told.log.counters.lost[LostReason::superseded] == 1);
    CHECK(told.log.finished.back().name == "a");
}

TEST_CASE("fold: a connect error lasts until the next proof of contact, since its first line") {
    for (const auto proof : {listening,
                             runs_a,
                             a_succeeded,
                             std::string_view{"2026-01-12 08:00:04Z: Runner "
                                              "reconnected."}}) {
        Told told;
        told(0s, listening)(10s, connect_error)(70s, connect_error)(80s,
                                                                    "\u221a Connected to GitHub");
        CHECK(told.log.connect_error == eight + 10s);
        CHECK(told.log.connect_error_text == "Name or service not known");
        CHECK(told.log.counters.connect_errors == 2);
        CHECK(told.log.contact == eight);
        told(90s, proof);
        CHECK_FALSE(told.log.connect_error);
        CHECK(told.log.connect_error_text.empty());
        CHECK(told.log.contact == eight + 90s);
    }
}

TEST_CASE("fold: a job that the listener abandoned is no proof of contact") {
    Told told;
    told(0s, runs_a)(1s, connect_error)(
        600s, "2026-01-12 08:00:04Z: Job a completed with result: Abandoned");
    CHECK(told.log.contact == eight);
    CHECK(told.log.connect_error);
    CHECK(told.log.counters.jobs[JobResult::abandoned] == 1);
}

TEST_CASE("fold: a clock out of step and a refused session explain the silence") {
    Told told;
    told(0s, "The local machine's clock may be out of sync with the server time");
    CHECK(told.log.connect_error == eight);
    CHECK(told.log.connect_error_text.starts_with("The local machine's clock"));
    CHECK(told.log.counters.connect_errors == 0);
    told(1s, "Failed to create session. Error: Conflict");
    CHECK(told.log.connect_error_text == "Error: Conflict");
}

TEST_CASE("fold: conflict, update and deregistration last until the runner listens again") {
    Told told;
    told(0s, "A session for this runner already exists.")(
        1s, "Runner update in progress, do not shutdown runner.")(
        2s, "The runner no longer exists on the server. Please reconfigure the runner.")(
        3s,
        "An error occurred: Runner version v2.300.2 is deprecated and cannot receive messages.")(
        4s, "\u221a Removed .runner")(5s, "Runner update process finished.")(
        30s, "A session for this runner already exists.");
    CHECK(told.log.conflict == eight);
    CHECK(told.log.updating == eight + 1s);
    CHECK(told.log.unregistered == eight + 2s);
    CHECK(told.log.deprecated == eight + 3s);
    CHECK(told.log.removed == eight + 4s);
    told(40s, listening);
    CHECK_FALSE(told.log.conflict);
    CHECK_FALSE(told.log.updating);
    CHECK_FALSE(told.log.unregistered);
    CHECK_FALSE(told.log.deprecated);
    CHECK_FALSE(told.log.removed);
}

TEST_CASE("fold: an update that failed is over") {
    Told told;
    told(0s, "Runner update in progress, do not shutdown runner.")(
        9s, "Runner update failed: No space left on device");
    CHECK_FALSE(told.log.updating);
}

TEST_CASE("fold: an exit is remembered with its code until the next start") {
    Told told;
    told(0s, starting)(1s, "Shutting down runner listener")(2s, killed);
    CHECK(told.log.listener_exit == eight + 2s);
    CHECK(told.log.listener_exit_code == "null");
    CHECK(told.log.shutdown == eight + 1s);
    told(2s, "Runner listener exit with undefined return code, re-launch runner in 5 seconds.");
    CHECK(told.log.counters.listener_exits["null"] == 1);
    told(7s, starting);
    CHECK_FALSE(told.log.listener_exit);
    CHECK(told.log.listener_exit_code.empty());
    CHECK_FALSE(told.log.shutdown);
    CHECK(told.log.recent_exits.size() == 1);
}

TEST_CASE("fold: the wrapper's sentence stands in for an exit line that is missing") {
    Told told;
    told(0s, starting)(
        5s, "Runner listener exit with Session Conflict error, stop the service, no retry needed.");
    CHECK(told.log.listener_exit_code == "5");
    CHECK(told.log.counters.listener_exits["5"] == 1);
}

TEST_CASE("fold: unusual exit codes are counted as other, so that the labels stay few") {
    Told told;
    told(0s, "Runner listener exited with error code 134")(
        1s, "Runner listener exited with error code -2")(
        2s, "Runner listener exited with error code 9");
    CHECK(told.log.counters.listener_exits["other"] == 2);
    CHECK(told.log.counters.listener_exits["-2"] == 1);
    CHECK(told.log.listener_exit_code == "9");
}

TEST_CASE("fold: what is remembered is bounded, the newest stays") {
    Told told;
    for (int i = 0; i < 1000; ++i) {
        told(std::chrono::seconds{3 * i}, runs_a)(std::chrono::seconds{3 * i + 1}, a_succeeded)(
            std::chrono::seconds{3 * i + 2}, killed);
    }
    CHECK(told.log.finished.size() == untold_jobs_limit);
    forget_told_jobs(told.log, &told.log);
    CHECK(told.log.finished.size() == remembered_jobs);
    CHECK(told.log.recent_exits.size() == remembered_exits);
    CHECK(told.log.recent_exits.back() == eight + 2999s);
    CHECK(told.log.counters.jobs[JobResult::succeeded] == 1000);
}

TEST_CASE("fold: a job proves the session whose Listening line was not seen") {
    Told told;
    told(0s, listening)(10s, starting)(20s, runs_a);
    CHECK(told.log.listening == eight + 20s);
    told(30s, a_succeeded)(40s, runs_b);
    CHECK(told.log.listening == eight + 20s);
}

TEST_CASE("fold: an end or a reconnect proves the session too, an abandoned job does not") {
    Told ended;
    ended(10s, starting)(30s, a_succeeded);
    CHECK(ended.log.listening == eight + 30s);
    Told reconnected;
    reconnected(10s, starting)(30s, "2026-01-12 08:00:04Z: Runner reconnected.");
    CHECK(reconnected.log.listening == eight + 30s);
    Told abandoned;
    abandoned(10s, starting)(30s, "2026-01-12 08:00:04Z: Job a completed with result: Abandoned");
    CHECK_FALSE(abandoned.log.listening);
}

TEST_CASE("fold: starts and exits in vain are counted until it listens") {
    Told told;
    told(0s, listening)(10s, killed)(20s, starting)(80s, killed)(90s, starting)(150s, killed);
    CHECK(told.log.trying_since == eight + 20s);
    CHECK(told.log.exits_in_vain == 3);
    told(160s, starting)(170s, listening);
    CHECK_FALSE(told.log.trying_since);
    CHECK(told.log.exits_in_vain == 0);
}

TEST_CASE("fold: a removal belongs to the start before it") {
    Told told;
    told(0s, listening)(10s, "√ Removed .runner");
    CHECK(told.log.removed == eight + 10s);
    told(20s, starting);
    CHECK_FALSE(told.log.removed);
}

TEST_CASE("fold: when the clock is set back, order and durations stay") {
    Told told;
    told(0s, starting)(10s, connect_error)(20s, listening)(60s, runs_a)(-1h, killed);
    CHECK(told.log.listener_exit == eight - 1h);
    CHECK(told.log.listening == eight - 1h - 40s);
    CHECK(told.log.finished.back().started == eight - 1h);
    told(-1h + 5s, starting)(-1h + 9s, listening)(-1h + 10s, runs_a)(-1h + 40s, a_succeeded);
    CHECK(*told.log.listening > *told.log.started);
    CHECK(told.log.counters.job_duration_sum_seconds == doctest::Approx(30));
    CHECK(told.log.finished.front().finished <= told.log.finished.back().started);
}

TEST_CASE("fold: finished jobs are forgotten only once they were told of") {
    Told told;
    const auto run = [&](int from, int count) {
        for (int i = from; i < from + count; ++i) {
            told(std::chrono::seconds{2 * i}, runs_a)(std::chrono::seconds{2 * i + 1}, a_succeeded);
        }
    };
    run(0, 30);
    forget_told_jobs(told.log, nullptr);
    CHECK(told.log.finished.size() == 30);
    const auto published = told.log;
    run(30, 15);
    forget_told_jobs(told.log, &published);
    CHECK(told.log.finished.size() == 15);
    CHECK(told.log.finished.front().started == eight + 60s);
    forget_told_jobs(told.log, &published);
    CHECK(told.log.finished.size() == 15);
    const auto next = told.log;
    forget_told_jobs(told.log, &next);
    CHECK(told.log.finished.size() == remembered_jobs);
}

TEST_CASE("fold: a job without a worker is lost once, whatever is said of it afterwards") {
    Told told;
    told(0s, starting)(4s, listening)(10s, runs_a);
    give_up_job(told.log, eight + 3min);
    CHECK_FALSE(told.log.job);
    REQUIRE(told.log.finished.size() == 1);
    CHECK(told.log.finished[0].lost == LostReason::worker_gone);
    CHECK(told.log.finished[0].finished == eight + 3min);
    CHECK(told.log.finished[0].last_line == eight + 10s);
    CHECK(told.log.counters.lost[LostReason::worker_gone] == 1);
    give_up_job(told.log, eight + 4min);  // nothing runs
    CHECK(told.log.counters.lost[LostReason::worker_gone] == 1);
    told(5min, a_succeeded);
    CHECK(told.log.counters.jobs[JobResult::succeeded] == 0);
    CHECK(told.log.finished.size() == 1);
    told(6min, runs_a)(7min, a_succeeded);  // another of the same name
    CHECK(told.log.counters.jobs[JobResult::succeeded] == 1);
    CHECK(told.log.counters.jobs[JobResult::lost] == 1);
}

TEST_CASE("fold: a job that was given up is not begun when its lines are read again") {
    Told first;
    first(0s, starting)(4s, listening)(10s, runs_a);
    give_up_job(first.log, eight + 3min);
    Told again;
    again.log.given_up = first.log.given_up;
    again(0s, starting)(4s, listening)(6s, runs_b);
    CHECK(again.log.job);
    again(10s, runs_a);
    CHECK_FALSE(again.log.job);
    again(5min, a_succeeded);
    CHECK(again.log.counters.jobs[JobResult::succeeded] == 0);
}

TEST_CASE("fold: what ended a job without a result is told with it, and its lines name it") {
    Told told;
    told(0s, starting)(4s, listening)(10s, runs_a)(20s, killed);
    CHECK(told.log.finished.back().lost == LostReason::listener_exit);
    CHECK(told.log.finished.back().first_line == eight + 10s);
    CHECK(told.log.finished.back().last_line == eight + 20s);
    told(-1h, starting);  // the clock was set back: times move with it, the names of lines do not
    CHECK(told.log.finished.back().started < eight);
    CHECK(told.log.finished.back().first_line == eight + 10s);
}
