#include "policy/job_usage.h"

#include "policy/judge.h"
#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

constexpr std::uint64_t mebi = 1U << 20U;

// A runner's readings, tick after tick.
struct Ticks {
    Runner runner{.name = "build", .root = "/srv/build"};
    Host host;
    Cgroup group{.path = "/build",
                 .id = 7,
                 .cpu_seconds = 100,
                 .memory_bytes = 50 * mebi,
                 .memory_peak_bytes = 900 * mebi,
                 .oom_kills = 3};
    RunnerLog log;
    std::uint64_t free_bytes = 5000;
    std::optional<JobMeter> meter;

    Ticks() { group.pressure.io.some = Stall{.total_seconds = 40}; }

    JobView at_second(int second) {
        const auto now = after(std::chrono::seconds{second});
        runner.cgroup = at(now, group);
        runner.log = at(now, log);
        host.filesystems = at(now, std::vector{Filesystem{.mountpoint = "/srv"}});
        host.filesystems.value->front().usage = FilesystemUsage{.avail_bytes = free_bytes};
        return measure_jobs(runner, host, meter, now);
    }

    void begins(const std::string& name, int second) {
        const auto line = noon.wall + std::chrono::seconds{second};
        log.job = Job{};
        log.job->name = name;
        log.job->started = line;
        log.job->first_line = line;
    }
    void ends(int second) {
        log.job->finished = noon.wall + std::chrono::seconds{second};
        log.job->result = JobResult::succeeded;
        log.job->last_line = *log.job->finished;
        log.finished.push_back(*std::exchange(log.job, std::nullopt));
    }
};

}  // namespace

TEST_CASE("job usage: a job took what was added from its beginning to its end") {
    Ticks ticks;
    ticks.at_second(0);
    ticks.begins("a", 4);
    ticks.group.cpu_seconds = 101;
    ticks.group.memory_bytes = 200 * mebi;
    auto view = ticks.at_second(5);
    REQUIRE(view.running);
    CHECK(*view.running->cpu_seconds == doctest::Approx(1));
    ticks.group.cpu_seconds = 160;
    ticks.group.memory_bytes = 300 * mebi;
    ticks.group.oom_kills = 4;
    ticks.group.pressure.io.some->total_seconds = 42.5;
    ticks.log.counters.connect_errors = 1;
    ticks.free_bytes = 2000;
    ticks.at_second(60);
    ticks.ends(61);
    ticks.group.cpu_seconds = 161;
    ticks.group.memory_bytes = 60 * mebi;
    ticks.free_bytes = 4000;
    view = ticks.at_second(61);
    CHECK_FALSE(view.running);
    REQUIRE(view.finished.size() == 1);
    const auto usage = view.finished[0].usage;
    CHECK(view.finished[0].job.name == "a");
    CHECK(*usage.cpu_seconds == doctest::Approx(61));
    CHECK(usage.memory_peak_bytes == 300 * mebi);  // the mark of an earlier job did not rise
    CHECK(usage.oom_kills == 1);
    CHECK(*usage.io_stall_seconds == doctest::Approx(2.5));
    CHECK_FALSE(usage.cpu_stall_seconds);  // it could not be read
    CHECK(usage.disk_low_bytes == 2000);
    CHECK(usage.connect_errors == 1);
    ticks.group.cpu_seconds = 500;
    CHECK(*ticks.at_second(66).finished[0].usage.cpu_seconds == doctest::Approx(61));
}

TEST_CASE("job usage: the kernel's own mark counts when it rose while the job ran") {
    Ticks ticks;
    ticks.at_second(0);
    ticks.begins("a", 4);
    ticks.at_second(5);
    ticks.group.memory_peak_bytes = 950 * mebi;  // between two ticks
    CHECK(ticks.at_second(10).running->memory_peak_bytes == 950 * mebi);
    ticks.at_second(15);
    CHECK(ticks.at_second(20).running->memory_peak_bytes == 950 * mebi);
}

TEST_CASE("job usage: a job that began and ended between two ticks is measured, alone") {
    Ticks ticks;
    ticks.at_second(0);
    ticks.begins("short", 1);
    ticks.ends(2);
    ticks.group.cpu_seconds = 102;
    auto view = ticks.at_second(5);
    REQUIRE(view.finished.size() == 1);
    CHECK(*view.finished[0].usage.cpu_seconds == doctest::Approx(2));
    ticks.begins("one of two", 6);
    ticks.ends(7);
    ticks.begins("the other", 8);
    ticks.ends(9);
    ticks.group.cpu_seconds = 110;
    view = ticks.at_second(10);
    REQUIRE(view.finished.size() == 3);
    CHECK_FALSE(view.finished[1].usage.cpu_seconds);
    CHECK_FALSE(view.finished[2].usage.cpu_seconds);
}

TEST_CASE("job usage: what was added in the tick that two jobs share is the first one's") {
    Ticks ticks;
    ticks.at_second(0);
    ticks.begins("a", 1);
    ticks.at_second(5);
    ticks.ends(6);
    ticks.begins("b", 7);
    ticks.group.cpu_seconds = 110;
    auto view = ticks.at_second(10);
    CHECK(*view.finished[0].usage.cpu_seconds == doctest::Approx(10));
    CHECK(*view.running->cpu_seconds == 0);
    ticks.group.cpu_seconds = 113;
    CHECK(*ticks.at_second(15).running->cpu_seconds == doctest::Approx(3));
}

TEST_CASE("job usage: of a job that ran before the agent did nothing is told") {
    Ticks ticks;
    ticks.begins("a", -600);
    auto view = ticks.at_second(0);
    REQUIRE(view.running);
    ticks.group.cpu_seconds = 200;
    view = ticks.at_second(5);
    CHECK_FALSE(view.running->cpu_seconds);
    CHECK_FALSE(view.running->memory_peak_bytes);
    ticks.ends(6);
    CHECK_FALSE(ticks.at_second(10).finished[0].usage.disk_low_bytes);

    Ticks late;  // its line was read long after it began
    late.at_second(0);
    late.at_second(60);
    late.begins("b", 20);
    CHECK_FALSE(late.at_second(65).running->cpu_seconds);
}

TEST_CASE("job usage: counters that begin again take nothing away") {
    Ticks ticks;
    ticks.at_second(0);
    ticks.begins("a", 1);
    ticks.group.cpu_seconds = 110;
    ticks.at_second(5);
    ticks.group = {.path = "/build", .id = 8, .cpu_seconds = 105, .memory_peak_bytes = 20 * mebi};
    CHECK(*ticks.at_second(10).running->cpu_seconds == doctest::Approx(115));  // a new cgroup
    ticks.group.cpu_seconds = 2;  // and one that got the same id
    CHECK(*ticks.at_second(15).running->cpu_seconds == doctest::Approx(117));
}

TEST_CASE("job usage: what cannot be read for a while is made up for, what never was is absent") {
    Ticks ticks;
    ticks.group.oom_kills.reset();
    ticks.at_second(0);
    ticks.begins("a", 1);
    ticks.group.cpu_seconds = 110;
    ticks.at_second(5);
    ticks.group.cpu_seconds.reset();
    ticks.group.oom_kills = 9;
    ticks.at_second(10);
    ticks.group.cpu_seconds = 130;
    ticks.group.oom_kills = 10;
    const auto view = ticks.at_second(15);
    CHECK(*view.running->cpu_seconds == doctest::Approx(30));
    CHECK_FALSE(view.running->oom_kills);
}

TEST_CASE("job usage: the judgement carries the running job's usage and the ended ones' records") {
    Ticks ticks;
    ticks.at_second(0);
    Facts facts;
    facts.runners.push_back(ticks.runner);
    facts.host = ticks.host;
    auto judged = judge(facts, {}, noon);
    ticks.begins("a", 2);
    ticks.group.cpu_seconds = 107;
    ticks.at_second(5);
    facts.runners[0] = ticks.runner;
    judged = judge(facts, judged, after(5s));
    REQUIRE(judged.runners[0].job_usage);
    CHECK(*judged.runners[0].job_usage->cpu_seconds == doctest::Approx(7));
    ticks.ends(6);
    ticks.at_second(10);
    facts.runners[0] = ticks.runner;
    judged = judge(facts, judged, after(10s));
    CHECK_FALSE(judged.runners[0].job_usage);
    REQUIRE(judged.runners[0].finished.size() == 1);
    CHECK(judged.runners[0].finished[0].usage.cpu_seconds);
    facts.runners.clear();
    CHECK(judge(facts, judged, after(15s)).memories.jobs.empty());
}

TEST_CASE("job usage: how long a job waited is that job's alone, also when it is learned late") {
    Ticks ticks;
    ticks.at_second(0);
    ticks.begins("a", 4);
    const auto started = ticks.log.job->started;
    CHECK_FALSE(ticks.at_second(5).running->queue_seconds);
    ticks.runner.queue_times = {{.started = started, .seconds = 90}};
    CHECK(ticks.at_second(10).running->queue_seconds == 90);
    ticks.ends(12);
    ticks.begins("b", 13);
    const auto view = ticks.at_second(15);
    REQUIRE(view.finished.size() == 1);
    CHECK(view.finished[0].usage.queue_seconds == 90);
    CHECK_FALSE(view.running->queue_seconds);
    ticks.ends(16);
    ticks.runner.queue_times.push_back(
        {.started = ticks.log.finished.back().started, .seconds = 7});
    const auto both = ticks.at_second(20).finished;
    CHECK(both[0].usage.queue_seconds == 90);
    CHECK(both[1].usage.queue_seconds == 7);
}

TEST_CASE("job usage: an agent that is restarted measures the job on that ran meanwhile") {
    Ticks ticks;
    ticks.at_second(0);
    ticks.begins("before", 1);
    ticks.at_second(2);
    ticks.ends(3);
    ticks.group.cpu_seconds = 100.25;
    ticks.at_second(4);
    ticks.begins("a", 4);
    ticks.group.cpu_seconds = 101;
    ticks.at_second(5);
    auto kept = *ticks.meter;
    kept.resumed = true;
    ticks.group.cpu_seconds = 130;
    ticks.group.oom_kills = 5;

    SUBCASE("and it runs on") {
        ticks.meter = kept;
        const auto view = ticks.at_second(90);
        REQUIRE(view.running);
        CHECK(*view.running->cpu_seconds == doctest::Approx(29.75));
        CHECK(view.running->oom_kills == 2);
        CHECK_FALSE(ticks.meter->resumed);
    }
    SUBCASE("also when the journal is read a moment later") {
        ticks.meter = kept;
        auto unread = ticks.runner;
        unread.log.value.reset();
        CHECK_FALSE(measure_jobs(unread, ticks.host, ticks.meter, after(88s)).running);
        CHECK(*ticks.at_second(90).running->cpu_seconds == doctest::Approx(29.75));
    }
    SUBCASE("and it has ended: what was used may be another's") {
        ticks.ends(60);
        ticks.meter = kept;
        const auto view = ticks.at_second(90);
        REQUIRE(view.finished.size() == 2);
        CHECK(*view.finished[0].usage.cpu_seconds == doctest::Approx(0.25));
        CHECK_FALSE(view.finished[1].usage.cpu_seconds);
        CHECK_FALSE(view.finished[1].usage.oom_kills);
    }
    SUBCASE("and another one runs") {
        ticks.ends(60);
        ticks.begins("b", 61);
        ticks.meter = kept;
        CHECK_FALSE(ticks.at_second(90).running->cpu_seconds);
    }
}
