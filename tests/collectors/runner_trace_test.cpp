#include "collectors/runner_trace.h"

#include "tests/support/facts.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr WallTime three{std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h};
constexpr const char* first = "Runner_20260102-030000-utc.log";
constexpr const char* second = "Runner_20260102-040000-utc.log";

Now at(std::chrono::nanoseconds after) {
    return {.wall = three + after, .boot = BootTime{after + 1h}};
}

std::string renewal(const std::string& time) {
    return "[2026-01-02 " + time +
           "Z INFO JobDispatcher] Successfully renew job 1, job is valid till 1\n";
}

class Rig {
public:
    Rig() {
        facts_.runners.push_back(unmanaged("build-01", root().string()));
        fs::create_directory(root() / "_diag");
    }

    const fs::path& root() const { return dir_.path(); }
    fs::path diag(const std::string& name) const { return root() / "_diag" / name; }
    void append(const std::string& name, std::string_view text) const {
        std::ofstream{diag(name), std::ios::binary | std::ios::app} << text;
    }
    void runs(const std::string& job, WallTime started) {
        facts_.runners[0].log.value = RunnerLog{.job = Job{.name = job, .started = started}};
    }

    RunnerTrace look(std::chrono::nanoseconds after = 2h) {
        REQUIRE(collect_into(facts_, collector_, at(after)));
        REQUIRE(facts_.runners[0].trace.value);
        return *facts_.runners[0].trace.value;
    }

private:
    TemporaryDirectory dir_;
    Facts facts_;
    RunnerTraceCollector collector_{*platform::RootFs::open("/")};
};

std::string job_message(const std::string& name, int run) {
    return "[2026-01-02 03:10:02Z INFO Worker] Job message:\n {\"jobDisplayName\":\"" + name +
           R"(","contextData":{"github":{"t":2,"d":[{"k":"repository","v":"acme/widgets"},)" +
           R"({"k":"run_id","v":")" + std::to_string(run) + "\"}]}}}\n";
}

}  // namespace

TEST_CASE("runner_trace: the newest trace is followed from look to look") {
    Rig rig;
    rig.append("Runner_20260101-000000-utc.log", renewal("01:00:00"));
    rig.append(first, renewal("03:01:00"));
    CHECK(rig.look().lease_renewed == three + 1min);
    rig.append(first, "[2026-01-02 03:02:00Z INFO JobDispatcher] Successfully ren");
    CHECK(rig.look().lease_renewed == three + 1min);
    rig.append(first, "ew job 1, job is valid till 1\n");
    const auto trace = rig.look();
    CHECK(trace.lease_renewed == three + 2min);
    CHECK(trace.error.empty());
}

TEST_CASE("runner_trace: a rotation between two lines loses neither") {
    Rig rig;
    rig.append(first, renewal("03:01:00"));
    CHECK(rig.look().lease_renewed == three + 1min);
    rig.append(second, renewal("04:00:10"));
    rig.append(first,
               "[2026-01-02 04:00:00Z INFO JobDispatcher] Worker finished for job 1. Code: 102\n");
    const auto trace = rig.look();
    CHECK(trace.lease_renewed == three + 1h + 10s);
    CHECK(trace.worker_exit_code == "102");
}

TEST_CASE("runner_trace: two listeners at once are both heard") {
    Rig rig;
    rig.append(first, renewal("03:01:00"));
    rig.append(second, "[2026-01-02 04:00:00Z INFO Listener] Version: 2.336.0\n");
    rig.look();
    rig.append(first, renewal("04:30:00"));
    CHECK(rig.look().lease_renewed == three + 90min);
    rig.append(second, renewal("04:31:00"));
    CHECK(rig.look().lease_renewed == three + 91min);
}

TEST_CASE("runner_trace: names that are no trace's, and things that are no files, are passed by") {
    Rig rig;
    rig.append(first, renewal("03:01:00"));
    for (const auto* name : {"Runner_20260102-999999-utc.log",
                             "Runner_99999999-000000-utc.log.bak",
                             "Runner_x-utc.log",
                             "SelfUpdate-20270102-030405.log"}) {
        rig.append(name, renewal("03:59:00"));
    }
    CHECK(rig.look().lease_renewed == three + 1min);
    std::ofstream{rig.root() / "elsewhere"} << renewal("03:58:00");
    fs::create_symlink(rig.root() / "elsewhere", rig.diag(second));
    auto trace = rig.look();
    CHECK(trace.lease_renewed == three + 1min);
    CHECK(trace.error.find("symlink") != std::string::npos);
    fs::remove(rig.diag(second));
    fs::create_directory(rig.diag(second));
    CHECK(rig.look().error.find("not a regular file") != std::string::npos);
    fs::remove(rig.diag(second));
    REQUIRE(::mkfifo(rig.diag(second).c_str(), 0600) == 0);
    CHECK(rig.look().error.find("not a regular file") != std::string::npos);
    rig.append(first, renewal("04:00:00"));
    CHECK(rig.look().lease_renewed == three + 1h);
}

TEST_CASE("runner_trace: a directory that is a symlink is not followed") {
    Rig rig;
    fs::rename(rig.root() / "_diag", rig.root() / "real");
    fs::create_symlink("real", rig.root() / "_diag");
    const auto trace = rig.look();
    CHECK(trace.error.find("symlink") != std::string::npos);
}

TEST_CASE(
    "runner_trace: what cannot be read is absent and says why, and is remembered with its age") {
    Rig rig;
    auto trace = rig.look();
    CHECK_FALSE(trace.lease_renewed);
    CHECK(trace.error == "no trace of a listener in " + (rig.root() / "_diag").string());
    rig.append(first, renewal("03:01:00"));
    CHECK(rig.look().error.empty());
    fs::rename(rig.root() / "_diag", rig.root() / "gone");
    trace = rig.look();
    CHECK(trace.lease_renewed == three + 1min);
    CHECK(trace.error.find("_diag") != std::string::npos);
}

TEST_CASE("runner_trace: a clock that is set back leaves no lease in the future") {
    Rig rig;
    rig.append(first, renewal("03:59:00"));
    CHECK(rig.look(1h).lease_renewed == three + 59min);
    CHECK(rig.look(10min).lease_renewed == three + 10min);
    CHECK(rig.look(20min).lease_renewed == three + 10min);
}

TEST_CASE("runner_trace: the job of a worker is known by the first trace since it began") {
    Rig rig;
    rig.append(first, renewal("03:10:01"));
    rig.append("Worker_20260102-030500-utc.log", job_message("build", 1));
    rig.runs("build", three + 10min);
    CHECK_FALSE(rig.look().job);  // the job before it
    rig.append("Worker_20260102-031001-utc.log", "[2026-01-02 03:10:01Z INFO Worker] Version\n");
    CHECK_FALSE(rig.look().job);
    rig.append("Worker_20260102-031001-utc.log", job_message("build", 2));
    rig.append("Worker_20260102-031500-utc.log", job_message("build", 3));  // its second page
    const auto trace = rig.look();
    REQUIRE(trace.job);
    CHECK(trace.job->started == three + 10min);
    CHECK(trace.job->identity.run_id == 2);
    CHECK(trace.job->identity.repository == "acme/widgets");
}

TEST_CASE("runner_trace: the end of a job's steps is known from its worker's newest page") {
    Rig rig;
    rig.append(first, renewal("03:01:00"));
    const std::string ended =
        "Z INFO JobRunner] Job result after all job steps finish: Succeeded\n";
    rig.append("Worker_20260102-020000-utc.log", "[2026-01-02 02:30:00" + ended);
    rig.runs("build", three + 10min);
    CHECK_FALSE(rig.look().steps_ended);
    rig.append("Worker_20260102-031001-utc.log", job_message("build", 7));
    CHECK_FALSE(rig.look().steps_ended);
    rig.append("Worker_20260102-031001-utc.log", "[2026-01-02 03:20:00" + ended);
    CHECK(rig.look().steps_ended == three + 20min);
    rig.append(first,
               "[2026-01-02 03:30:00Z INFO JobDispatcher] Job request 0 for plan 1 job 2 "
               "received.\n");
    CHECK_FALSE(rig.look().steps_ended);
}

TEST_CASE("runner_trace: a worker's trace that is a FIFO hides no lease") {
    Rig rig;
    rig.append(first, renewal("03:01:00"));
    rig.runs("build", three);
    REQUIRE(::mkfifo(rig.diag("Worker_20260102-031001-utc.log").c_str(), 0600) == 0);
    const auto trace = rig.look();
    CHECK(trace.lease_renewed == three + 1min);
    CHECK(trace.error.empty());
}

TEST_CASE("runner_trace: a worker's trace that names another job is not this job's") {
    Rig rig;
    rig.runs("build", three + 10min);
    rig.append("Worker_20260102-031001-utc.log", job_message("deploy", 666));
    CHECK_FALSE(rig.look().job);
}

TEST_CASE("runner_trace: a worker's trace that is a FIFO, and a huge one, stop nothing") {
    Rig rig;
    rig.append(first, renewal("03:01:00"));
    rig.runs("build", three + 10min);
    REQUIRE(::mkfifo(rig.diag("Worker_20260102-031001-utc.log").c_str(), 0600) == 0);
    CHECK(rig.look().lease_renewed == three + 1min);
    fs::remove(rig.diag("Worker_20260102-031001-utc.log"));
    rig.append("Worker_20260102-031001-utc.log", job_message("build", 7));
    fs::resize_file(rig.diag("Worker_20260102-031001-utc.log"), 1ULL << 40U);
    CHECK(rig.look().job->identity.run_id == 7);
}

TEST_CASE("runner_trace: without the right to look there, the reason stands in its place" *
          doctest::skip(::geteuid() == 0)) {
    Rig rig;
    ::chmod((rig.root() / "_diag").c_str(), 0);
    CHECK(rig.look().error.find("may not look there") != std::string::npos);
    ::chmod((rig.root() / "_diag").c_str(), 0700);
}
