#include "exporter/status_json.h"

#include "exporter/json_parts.h"
#include "tests/exporter/example.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace paws::exporter::testing;
using namespace std::chrono_literals;

namespace {

// The value at a JSON pointer, as text.
std::string at(const boost::json::object& document, const char* pointer) {
    return boost::json::serialize(boost::json::value(document).at_pointer(pointer));
}

}  // namespace

TEST_CASE("rfc3339: UTC with milliseconds") {
    CHECK(rfc3339(noon.wall) == "2025-11-23T14:00:00.000Z");
    CHECK(rfc3339(WallTime{}) == "1970-01-01T00:00:00.000Z");
    CHECK(rfc3339(WallTime{-1ns}) == "1969-12-31T23:59:59.999Z");
    CHECK(rfc3339(noon.wall + 1'234'567us) == "2025-11-23T14:00:01.234Z");
}

TEST_CASE("status_json: the document of version 1") {
    const auto status = status_json(example_snapshot(), example_agent());
    CHECK(at(status, "/version") == "1");
    CHECK(at(status, "/time") == R"("2025-11-23T14:00:00.000Z")");
    CHECK(at(status, "/host/name") == R"("ci01")");
    CHECK(at(status, "/host/health") == R"("degraded")");
    CHECK(at(status, "/host/problems") == R"(["disk"])");
    CHECK(at(status, "/host/cpus") == "2");
    CHECK(at(status, "/host/load/fifteen") == "1.25E-1");
    CHECK(at(status, "/host/memory/available_bytes") == "6000000000");
    CHECK(at(status, "/host/pressure/io/full/total_seconds") == "2.25E0");
    CHECK(at(status, "/host/filesystems/0/full_in_seconds") == "8.64E4");
    CHECK(at(status, "/host/filesystems/1/size_bytes") == "null");
    CHECK(at(status, "/host/filesystems/1/error") == R"("no answer within 2 s")");
    CHECK(at(status, "/host/boot") == R"("2025-11-23T11:00:00.000Z")");
    CHECK(at(status, "/host/clock/synchronised") == "true");
    CHECK(at(status, "/host/clock/behind_github_seconds") == "3E0");
    CHECK(at(status, "/agent/pid") == "99");
    CHECK(at(status, "/agent/started") == R"("2025-11-23T12:00:00.000Z")");
    CHECK(
        at(status, "/agent/collectors/1") ==
        R"({"name":"units","success":false,"duration_seconds":2E0,"error":"the bus did not answer"})");
    CHECK(at(status, "/agent/config_reload_successful") == "true");
}

TEST_CASE("status_json: a runner with its state, since when, why, and its job") {
    const auto status = status_json(example_snapshot(), example_agent());
    const boost::json::object runner = status.at("runners").at(0).as_object();
    CHECK(at(runner, "/name") == R"("acme-widgets.build-01")");
    CHECK(at(runner, "/agent_name") == R"("build-01")");
    CHECK(at(runner, "/unit") == R"("actions.runner.acme-widgets.build-01.service")");
    CHECK(at(runner, "/state") == R"("busy")");
    CHECK(at(runner, "/since") == R"("2025-11-23T13:58:30.000Z")");
    CHECK(at(runner, "/reason") == R"("runs a job")");
    CHECK(at(runner, "/health") == R"("degraded")");
    CHECK(at(runner, "/problems") == R"(["disk"])");
    CHECK(at(runner, "/evidence/0") ==
          R"({"fact":"socket","value":"2 established","age_seconds":1.25E1})");
    CHECK(at(runner, "/job/name") == R"json("build (ubuntu, \"gcc\")")json");
    CHECK(at(runner, "/job/identity/repository") == R"("acme/widgets")");
    CHECK(at(runner, "/job/identity/workflow") == R"("CI")");
    CHECK(at(runner, "/job/identity/job") == R"("build")");
    CHECK(at(runner, "/job/identity/run_id") == "123456789");
    CHECK(at(runner, "/job/identity/run_attempt") == "2");
    CHECK(at(runner, "/job/started") == R"("2025-11-23T13:58:30.000Z")");
}

TEST_CASE("status_json: what is unknown is null") {
    Snapshot snapshot;
    snapshot.taken = noon;
    snapshot.facts.runners = {{.name = "a.b", .unit = "actions.runner.a.b.service"}};
    auto agent = example_agent();
    agent.process = {};
    const auto status = status_json(snapshot, agent);
    for (const auto* key : {"cpus",
                            "cpu_busy",
                            "load",
                            "memory",
                            "pressure",
                            "filesystems",
                            "boot",
                            "clock",
                            "oom_kills"}) {
        CAPTURE(key);
        CHECK(status.at("host").at(key).is_null());
    }
    CHECK(at(status, "/agent/started") == "null");
    CHECK(at(status, "/runners/0/state") == R"("unknown")");
    CHECK(at(status, "/runners/0/since") == "null");
    CHECK(at(status, "/runners/0/agent_name") == "null");
    CHECK(at(status, "/runners/0/job") == "null");
}

TEST_CASE("status_json: how the shipping of logs does, with the first trouble there is") {
    auto snapshot = example_snapshot();
    snapshot.logs.reset();
    CHECK(at(status_json(snapshot, example_agent()), "/agent/logs") == "null");
    snapshot.logs = LogShipping{.state = ShippingState::shipping,
                                .oldest_waiting = noon.wall - 500ms,
                                .traces_trouble = "a.b: permission denied"};
    CHECK(at(status_json(snapshot, example_agent()), "/agent/logs") ==
          R"({"state":"shipping","lag_seconds":5E-1,"trouble":"a.b: permission denied"})");
    snapshot.logs->state = ShippingState::paused;
    snapshot.logs->trouble = "Loki answers 401";
    snapshot.logs->oldest_waiting.reset();
    CHECK(at(status_json(snapshot, example_agent()), "/agent/logs") ==
          R"({"state":"paused","lag_seconds":0E0,"trouble":"Loki answers 401"})");
    auto later = example_agent();
    later.now.boot += 31s;
    CHECK(at(status_json(snapshot, later), "/agent/logs/state") == R"("unknown")");
}

TEST_CASE("status_json: when the agent stopped publishing, nothing is healthy") {
    auto agent = example_agent();
    agent.now.boot += 31s;
    const auto status = status_json(example_snapshot(), agent);
    CHECK(at(status, "/agent/snapshot_age_seconds") == "3.1E1");
    CHECK(at(status, "/host/health") == R"("unknown")");
    CHECK(at(status, "/runners/0/state") == R"("unknown")");
    CHECK(at(status, "/runners/0/job") == "null");
}

TEST_CASE("status_json: text of others stays one JSON string of valid UTF-8") {
    auto snapshot = example_snapshot();
    snapshot.facts.host.filesystems.value->front().mountpoint = "/a\"\n\xFF";
    snapshot.facts.runners.front().log.value->job->name = "\"}]\\";
    const auto text = boost::json::serialize(status_json(snapshot, example_agent()));
    const auto again = boost::json::parse(text);  // throws on what is not JSON
    CHECK(again.at_pointer("/host/filesystems/0/mountpoint").as_string() == "/a\"\n\uFFFD");
    CHECK(again.at_pointer("/runners/0/job/name").as_string() == "\"}]\\");
}

TEST_CASE("runner_json: everything known of one runner") {
    const auto found = runner_json(example_snapshot(), example_agent(), "acme-widgets.build-01");
    REQUIRE(found);
    CHECK(at(*found, "/time") == R"("2025-11-23T14:00:00.000Z")");
    CHECK(at(*found, "/state") == R"("busy")");
    CHECK(at(*found, "/unit_state/active_state") == R"("active")");
    CHECK(at(*found, "/unit_state/restarts") == "3");
    CHECK(at(*found, "/files/settings/work_folder") == R"("_work")");
    CHECK(at(*found, "/directories/bytes/work") == "123456");
    CHECK(at(*found, "/processes/counts/worker") == "1");
    CHECK(at(*found, "/processes/list/1/comm") == R"("Runner.Listener")");
    CHECK(at(*found, "/cgroup/pids") == "42");
    CHECK(at(*found, "/sockets/established") == "2");
    CHECK(at(*found, "/log/listening") == R"("2025-11-23T13:01:00.000Z")");
    CHECK(at(*found, "/trace/lease_renewed") == R"("2025-11-23T13:59:23.000Z")");
    CHECK(at(*found, "/trace/lease_lost") == "null");
    CHECK(at(*found, "/jobs/0/identity") == "null");
    CHECK(at(*found, "/jobs/0/result") == R"("succeeded")");
    CHECK(at(*found, "/jobs/0/usage/memory_peak_bytes") == "1000000");
    CHECK(at(*found, "/jobs/0/usage/cpu_seconds") == "null");
    CHECK(at(*found, "/job/usage/cpu_seconds") == "1.25E1");
}

TEST_CASE("runner_json: an agent_name stands for its runner while it names one alone") {
    auto snapshot = example_snapshot();
    CHECK(runner_json(snapshot, example_agent(), "build-01"));
    CHECK_FALSE(runner_json(snapshot, example_agent(), "build-02"));
    snapshot.facts.runners.push_back(example_runner("other.build-01"));
    CHECK_FALSE(runner_json(snapshot, example_agent(), "build-01"));
    CHECK(runner_json(snapshot, example_agent(), "other.build-01"));
}

TEST_CASE("runner_json: a fact that is not fresh is null") {
    auto snapshot = example_snapshot();
    snapshot.facts.runners.front().cgroup.taken.boot -= 31s;
    const auto found = runner_json(snapshot, example_agent(), "acme-widgets.build-01");
    REQUIRE(found);
    CHECK(at(*found, "/cgroup") == "null");
    CHECK(at(*found, "/sockets/age_seconds") == "0E0");
}

TEST_CASE(
    "runner_json, status_json: what GitHub's API says, with its age, for minutes and not longer") {
    auto snapshot = example_snapshot();
    const auto github = [&](std::chrono::seconds age) {
        auto& api = snapshot.facts.runners[0].api;
        api.value = {
            .registration = Registration::offline, .busy = true, .labels = {"self-hosted"}};
        api.taken = {.wall = noon.wall - age, .boot = noon.boot - age};
        return at(*runner_json(snapshot, example_agent(), "acme-widgets.build-01"), "/github");
    };
    snapshot.facts.runners[0].waiting = {};
    CHECK(
        github(60s) ==
        R"({"registration":"offline","busy":true,"labels":["self-hosted"],"waiting":null,"age_seconds":6E1})");
    CHECK(github(151s) == "null");

    auto& waiting = snapshot.facts.runners[0].waiting;
    const auto waits = [&] {
        github(60s);
        return at(*runner_json(snapshot, example_agent(), "acme-widgets.build-01"),
                  "/github/waiting");
    };
    waiting = {.value = WaitingJobs{}, .taken = noon};
    CHECK(waits() == R"({"job":null})");
    waiting.value->longest = WaitingJob{.run_id = 77, .name = "deploy", .seconds = 360};
    CHECK(waits() == R"({"job":{"run_id":77,"name":"deploy","seconds":3.6E2}})");
    waiting.taken.boot -= 151s;
    CHECK(waits() == "null");

    CHECK(at(status_json(snapshot, example_agent()), "/agent/github_api") == "null");
    snapshot.facts.github_api = {
        .answered = noon, .error = "acme: answers 503", .requests_left = 4999};
    CHECK(
        at(status_json(snapshot, example_agent()), "/agent/github_api") ==
        R"({"answered":"2025-11-23T14:00:00.000Z","error":"acme: answers 503","requests_left":4999})");
}
