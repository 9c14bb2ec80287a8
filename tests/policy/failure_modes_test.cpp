// Every failure mode of the runner facts (section 12), told as what happens, and how it must be
// judged: state, blame, and the problem that is named where the runner itself goes on.

#include "core/names.h"
#include "tests/policy/story.h"

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy::testing;

namespace {

using enum ProcessRole;

struct Mode {
    std::string name;
    std::function<void(Story&)> happens;
    RunnerState state;
    std::optional<Blame> blame;
    std::optional<Problem> problem{};
    std::string reason{};  // how the reason begins, where that matters
};

void takes_job(Story& story, std::string_view name = "build") {
    story.prints({"T Running job: " + std::string{name}})
        .processes({shell, wrapper, listener, worker, job});
}

void ends_job(Story& story, std::string_view name, std::string_view result) {
    story.prints({"T Job " + std::string{name} + " completed with result: " + std::string{result}})
        .processes({shell, wrapper, listener});
}

void listener_ends(Story& story, std::string_view code, std::string_view then) {
    story.processes({shell, wrapper})
        .loses_sockets()
        .prints({"Runner listener exited with error code " + std::string{code}, then});
}

void relaunches(Story& story) {
    story
        .prints({"Starting Runner listener with startup type: service",
                 "Started listener process, pid: 1234"})
        .processes({shell, wrapper, listener});
}

constexpr std::string_view undefined_code =
    "Runner listener exit with undefined return code, re-launch runner in 5 seconds.";
constexpr std::string_view retryable =
    "Runner listener exit with retryable error, re-launch runner in 5 seconds.";
constexpr std::string_view terminated =
    "Runner listener exit with terminated error, stop the service, no retry needed.";

void fill_disk(Host& host) {
    host.filesystems.value->front().usage->avail_bytes = 0;
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Mode> connection_modes() {
    return {
        {"1 ghost listener: no socket left, nothing logged",
         [](Story& story) { story.loses_sockets().passes(5min); },
         RunnerState::hung,
         Blame::runner},
        {"1 ghost listener: a half-open socket, and GitHub calls it offline",
         [](Story& story) { story.goes_deaf().is_called(Registration::offline).passes(6min); },
         RunnerState::hung,
         Blame::runner},
        {"1 ghost listener: stopped by a signal",
         [](Story& story) {
             story.goes_deaf().processes({shell, wrapper, listener}, 'T').passes(6min);
         },
         RunnerState::hung,
         Blame::runner},
        {"1 ghost listener that GitHub still calls online",
         [](Story& story) { story.loses_sockets().is_called(Registration::online).passes(6min); },
         RunnerState::hung,
         Blame::runner},
        {"6 session conflict while it retries",
         [](Story& story) {
             story
                 .prints({"A session for this runner already exists.",
                          "T Runner connect error: Error: Conflict. Retrying until reconnected."})
                 .passes(5s);
         },
         RunnerState::offline,
         Blame::runner},
        {"6 session conflict, given up",
         [](Story& story) {
             story.prints({"A session for this runner already exists."});
             listener_ends(story,
                           "5",
                           "Runner listener exit with Session Conflict error, stop the service, no "
                           "retry needed.");
             story.stops().passes(10s);
         },
         RunnerState::stopped,
         Blame::runner,
         {},
         "clean_exit: session conflict"},
        {"7 registration deleted",
         [](Story& story) {
             story.prints(
                 {"Failed to create a session. The runner registration has been deleted "
                  "from the server, please re-configure."});
             listener_ends(story, "1", terminated);
             story.stops().passes(10s);
         },
         RunnerState::unregistered,
         Blame::runner},
        {"7 called deleted in an outage, although GitHub lists it",
         [](Story& story) {
             story.is_called(Registration::offline)
                 .prints({"Failed to create a session. The runner registration has been deleted "
                          "from the server, please re-configure."});
             listener_ends(story, "1", terminated);
             story.stops().passes(70s);
         },
         RunnerState::stopped,
         Blame::github,
         {},
         "clean_exit: it was told that it is not registered"},
        {"15 network: names are not resolved",
         [](Story& story) {
             story.closes_the_way(ReachStage::name, "Name or service not known").passes(6min);
         },
         RunnerState::offline,
         Blame::network},
        {"15 GitHub: its servers answer 503",
         [](Story& story) { story.closes_the_way(ReachStage::http, "503").passes(6min); },
         RunnerState::offline,
         Blame::github},
        {"15 the runner alone cannot connect, and says so",
         [](Story& story) {
             story.loses_sockets()
                 .passes(1min)
                 .prints(
                     {"T Runner connect error: The SSL connection could not be established, see "
                      "inner exception.. Retrying until reconnected."})
                 .passes(5min);
         },
         RunnerState::offline,
         Blame::runner},
        {"16 clock skew",
         [](Story& story) {
             story.on_host([](Host& host) { host.clock.value->synchronised = false; })
                 .loses_sockets()
                 .prints({"The local machine's clock may be out of sync with the server time by "
                          "more than five minutes. Please sync your clock with your domain or "
                          "internet time and try again."})
                 .passes(11min);
         },
         RunnerState::offline,
         Blame::host,
         Problem::clock},
    };
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Mode> job_modes() {
    return {
        {"2 a job that is busy for ever",
         [](Story& story) {
             takes_job(story);
             story.passes(6h + 40min);
         },
         RunnerState::busy,
         Blame::job,
         Problem::job_stuck},
        {"3 a worker that hangs after its job's end",
         [](Story& story) {
             takes_job(story);
             story.passes(10min)
                 .with([&](Runner& runner) {
                     runner.trace.value->steps_ended = runner.trace.taken.wall;
                 })
                 .passes(6min);
         },
         RunnerState::busy,
         Blame::runner,
         Problem::worker_stuck},
        {"4 a worker that never gets its message",
         [](Story& story) {
             takes_job(story);
             story.passes(30s).processes({shell, wrapper, listener}).passes(3min);
         },
         RunnerState::idle,
         std::nullopt},
        {"5 an orphan worker",
         [](Story& story) {
             takes_job(story);
             story.passes(1min).processes({shell, wrapper, orphan_worker});
             listener_ends(story, "null", undefined_code);
             story.passes(5s);
             relaunches(story);
             story.processes({shell, wrapper, listener, orphan_worker})
                 .prints({"T Listening for Jobs"})
                 .opens_the_way()
                 .passes(1min);
         },
         RunnerState::idle,
         Blame::runner,
         Problem::orphan_worker},
        {"17 lost communication: the lease is late while memory is short",
         [](Story& story) {
             story.on_host([](Host& host) { host.memory.value->available_bytes = 5; });
             takes_job(story);
             story.passes(12min).renews_leases(false).passes(3min + 30s);
         },
         RunnerState::busy,
         Blame::host,
         Problem::lease_late},
        {"18 the lease cannot be renewed",
         [](Story& story) {
             takes_job(story);
             story.passes(5min).renews_leases(false).passes(6min);
         },
         RunnerState::offline,
         Blame::runner,
         Problem::lease_late},
        {"18 the lease cannot be renewed because the network is gone",
         [](Story& story) {
             takes_job(story);
             story.passes(5min)
                 .renews_leases(false)
                 .closes_the_way(ReachStage::connect, "Connection timed out")
                 .passes(6min);
         },
         RunnerState::offline,
         Blame::network,
         Problem::lease_late},
        {"19 stopped in the middle of a job",
         [](Story& story) {
             takes_job(story);
             story.passes(1min).prints({"Shutting down runner listener",
                                        "Sending SIGINT to runner listener to stop",
                                        "Exiting..."});
             ends_job(story, "build", "Canceled");
             listener_ends(story,
                           "0",
                           "Runner listener exit with 0 return code, stop the service, no retry "
                           "needed.");
             story.stops().passes(10s);
         },
         RunnerState::stopped,
         std::nullopt,
         {},
         "operator"},
        {"26 a hook that fails every job",
         [](Story& story) {
             for (const auto* name : {"a", "b", "c"}) {
                 takes_job(story, name);
                 story.passes(10s);
                 ends_job(story, name, "Failed");
                 story.passes(1min);
             }
         },
         RunnerState::idle,
         Blame::runner,
         Problem::jobs_failing},
    };
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Mode> service_modes() {
    return {
        {"8 the wrapper stopped itself after ten failures",
         [](Story& story) {
             story.closes_the_way(ReachStage::connect, "Connection refused");
             for (int count = 0; count < 10; ++count) {
                 listener_ends(story, "2", retryable);
                 story.passes(10s);
                 relaunches(story);
             }
             listener_ends(
                 story, "2", "Stopping the runner after 10 consecutive re-tryable failures");
             story.stops().passes(10s);
         },
         RunnerState::stopped,
         Blame::network,
         {},
         "clean_exit"},
        {"9 a relaunch loop behind an active unit, at first",
         [](Story& story) {
             for (int count = 0; count < 3; ++count) {
                 listener_ends(story, "null", undefined_code);
                 story.passes(5s);
                 relaunches(story);
             }
             story.passes(5s);
         },
         RunnerState::starting,
         Blame::runner,
         Problem::crash_loop},
        {"9 a relaunch loop behind an active unit, for minutes",
         [](Story& story) {
             for (int count = 0; count < 40; ++count) {
                 listener_ends(story, "-2", undefined_code);
                 story.passes(5s);
                 relaunches(story);
             }
         },
         RunnerState::offline,
         Blame::runner,
         Problem::crash_loop},
        {"10 the disk is full",
         [](Story& story) {
             story.on_host(fill_disk);
             for (int count = 0; count < 40; ++count) {
                 listener_ends(story, "2", retryable);
                 story.passes(5s);
                 relaunches(story);
             }
         },
         RunnerState::offline,
         Blame::host,
         Problem::disk},
        {"14 its version is deprecated",
         [](Story& story) {
             story.prints(
                 {"An error occurred: Runner version v2.300.2 is deprecated and cannot "
                  "receive messages."});
             listener_ends(story, "1", terminated);
             story.stops().passes(10s);
         },
         RunnerState::stopped,
         Blame::runner,
         Problem::version,
         "clean_exit: this runner version is deprecated"},
        {"20 the kernel killed a process of it for memory",
         [](Story& story) {
             takes_job(story);
             story.passes(1min).stops("oom-kill").passes(10s);
         },
         RunnerState::stopped,
         Blame::host,
         {},
         "oom"},
        {"21 SELinux or permissions keep it from starting",
         [](Story& story) { story.stops("exit-code", 203).passes(10s); },
         RunnerState::stopped,
         Blame::host,
         {},
         "crash"},
    };
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Mode> quiet_modes() {
    return {
        {"11 _diag grows",
         [](Story& story) {
             story
                 .with([](Runner& runner) {
                     runner.directory_bytes.value = DirectoryBytes{{"diag", 3'000'000'000}};
                 })
                 .passes(10s);
         },
         RunnerState::idle,
         Blame::runner,
         Problem::diag},
        {"12 an update failed",
         [](Story& story) {
             story
                 .prints({"Runner update in progress, do not shutdown runner.",
                          "Downloading 2.337.0 runner",
                          "Runner update failed: No space left on device",
                          "Runner update process finished."})
                 .passes(1min);
         },
         RunnerState::idle,
         Blame::runner,
         Problem::update},
        {"13 its next start would fail",
         [](Story& story) {
             story
                 .with(
                     [](Runner& runner) { runner.files.value->start_fault = "runsvc.sh is empty"; })
                 .passes(10s);
         },
         RunnerState::idle,
         Blame::runner,
         Problem::install},
        {"22 docker leftovers show in nothing but the disk",
         [](Story& story) { story.passes(10min); },
         RunnerState::idle,
         std::nullopt},
        {"23 jobs that wait for other labels show in nothing here",
         [](Story& story) { story.is_called(Registration::online).passes(10min); },
         RunnerState::idle,
         std::nullopt},
        {"24 the runner has no health endpoint: its silence is judged from outside",
         [](Story& story) { story.passes(1h); },
         RunnerState::idle,
         std::nullopt},
        {"25 stale pages in the spool",
         [](Story& story) {
             story.with([](Runner& runner) { runner.files.value->diag_pages = 3; }).passes(3min);
         },
         RunnerState::idle,
         Blame::runner,
         Problem::spool},
        {"27 the unit's file has changed since it was loaded",
         [](Story& story) {
             story.with([](Runner& runner) { runner.unit_state.value->needs_daemon_reload = true; })
                 .passes(10s);
         },
         RunnerState::idle,
         Blame::runner,
         Problem::unit_changed},
        {"27 the unit is masked while it runs",
         [](Story& story) {
             story.with([](Runner& runner) { runner.unit_state.value->unit_file_state = "masked"; })
                 .passes(10s);
         },
         RunnerState::idle,
         Blame::runner,
         Problem::unit_changed},
    };
}

void check(const std::vector<Mode>& modes) {
    for (const auto& mode : modes) {
        CAPTURE(mode.name);
        Story story;
        mode.happens(story);
        const auto& judged = story.judged();
        CAPTURE(judged.reason);
        CHECK(to_string(judged.state) == to_string(mode.state));
        CHECK(judged.reason.starts_with(mode.reason));
        CHECK(judged.blame.has_value() == mode.blame.has_value());
        if (judged.blame && mode.blame) {
            CHECK(to_string(*judged.blame) == to_string(*mode.blame));
        }
        if (mode.problem) {
            CHECK_MESSAGE(judged.problems.found.contains(*mode.problem), to_string(*mode.problem));
        } else if (!mode.blame) {
            CHECK(judged.problems.found.empty());
        }
    }
}

}  // namespace

TEST_CASE("failure modes: what goes wrong between a runner and GitHub") {
    check(connection_modes());
}

TEST_CASE("failure modes: what goes wrong with jobs") {
    check(job_modes());
}

TEST_CASE("failure modes: what goes wrong with the service") {
    check(service_modes());
}

TEST_CASE("failure modes: what goes wrong in silence, while the runner works on") {
    check(quiet_modes());
}
