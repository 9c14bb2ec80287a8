#include "exporter/families.h"

#include "exporter/exposition.h"
#include "tests/exporter/example.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace paws::exporter::testing;
using namespace std::chrono_literals;

namespace {

std::string text_of(const Snapshot& snapshot, const Options& options = {}) {
    return expose(to_families(snapshot, example_agent(), options), Format::text);
}

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

bool mentions(const std::string& text, const std::string& metric) {
    return text.find("# TYPE " + metric + " ") != std::string::npos;
}

}  // namespace

TEST_CASE("to_families: values of the agent, the host and its devices are told") {
    const auto text = text_of(example_snapshot());
    CHECK(has_line(text, R"(paws_agent_build_info{version="0.1.0",revision="abcdef0"} 1)"));
    CHECK(has_line(text, R"(paws_agent_collector_success{collector="units"} 0)"));
    CHECK(has_line(text, R"(paws_agent_collector_duration_seconds{collector="cpu"} 0.00015)"));
    CHECK(has_line(text, "paws_agent_snapshot_timestamp_seconds 1763906400"));
    CHECK(has_line(text, "process_resident_memory_bytes 9437184"));
    CHECK(has_line(text, R"(paws_host_cpu_seconds_total{mode="user"} 100.5)"));
    CHECK(has_line(text, R"(paws_host_cpu_seconds_total{mode="steal"} 0)"));
    CHECK(has_line(text, "paws_host_load15 0.125"));
    CHECK(has_line(text, R"(paws_host_pressure_seconds_total{resource="io",kind="full"} 2.25)"));
    CHECK(has_line(text, R"(paws_host_clock_offset_seconds{source="kernel"} -0.000125)"));
    CHECK(has_line(text, R"(paws_host_clock_offset_seconds{source="github"} 3)"));
    CHECK(has_line(text, R"(paws_disk_written_bytes_total{device="vda"} 81920)"));
    CHECK(has_line(text, R"(paws_network_receive_drop_total{device="eth0"} 1)"));
}

TEST_CASE("to_families: a filesystem that does not answer has an error and no sizes") {
    const auto text = text_of(example_snapshot());
    const std::string dead = R"({mountpoint="/mnt/dead",device="nas:/export",fstype="nfs4"})";
    CHECK(has_line(text, "paws_filesystem_device_error" + dead + " 1"));
    CHECK(has_line(text, "paws_filesystem_readonly" + dead + " 0"));
    CHECK(text.find("paws_filesystem_size_bytes" + dead) == std::string::npos);
    const std::string root = R"({mountpoint="/",device="/dev/vda1",fstype="ext4"})";
    CHECK(has_line(text, "paws_filesystem_avail_bytes" + root + " 25000000000"));
    CHECK(has_line(text, "paws_filesystem_full_in_seconds" + root + " 86400"));
}

TEST_CASE("to_families: no inode limit is no inode series") {
    auto snapshot = example_snapshot();
    snapshot.facts.host.filesystems.value->front().usage->files = 0;
    CHECK_FALSE(mentions(text_of(snapshot), "paws_filesystem_files"));
    CHECK(mentions(text_of(example_snapshot()), "paws_filesystem_files"));
}

TEST_CASE("to_families: a runner's state is one of eleven, its health one of four") {
    const auto text = text_of(example_snapshot());
    const std::string who = R"(runner="acme-widgets.build-01")";
    CHECK(has_line(text, "paws_runner_state{" + who + R"(,state="busy"} 1)"));
    CHECK(has_line(text, "paws_runner_state{" + who + R"(,state="idle"} 0)"));
    CHECK(has_line(text, "paws_runner_health{" + who + R"(,health="degraded"} 1)"));
    CHECK(has_line(text, "paws_runner_problem{" + who + R"(,problem="disk"} 1)"));
    CHECK(has_line(text, "paws_runner_problem{" + who + R"(,problem="inodes"} 0)"));
    CHECK(text.find(R"(,problem="cpu")") ==
          std::string::npos);  // what was not looked for is no zero
    CHECK(has_line(text, "paws_runner_up{" + who + "} 1"));
    CHECK(has_line(text, "paws_runner_busy{" + who + "} 1"));
    CHECK(has_line(text,
                   "paws_runner_info{" + who +
                       R"(,agent_name="build-01",scope="acme/widgets",unit="actions.runner.)"
                       R"(acme-widgets.build-01.service",version="2.336.0",ephemeral="false"} 1)"));
}

TEST_CASE("to_families: label values that are known start at zero") {
    const auto text = text_of(example_snapshot());
    const std::string who = R"(runner="acme-widgets.build-01")";
    CHECK(has_line(text, "paws_runner_jobs_total{" + who + R"(,result="succeeded"} 2)"));
    CHECK(has_line(text, "paws_runner_jobs_total{" + who + R"(,result="lost"} 0)"));
    CHECK(has_line(text, "paws_runner_jobs_lost_total{" + who + R"(,reason="superseded"} 0)"));
    CHECK(has_line(text, "paws_runner_listener_exits_total{" + who + R"(,code="null"} 0)"));
    CHECK(has_line(text, "paws_runner_listener_exits_total{" + who + R"(,code="other"} 2)"));
    CHECK(has_line(text, "paws_runner_processes{" + who + R"(,process="orphan_worker"} 0)"));
}

TEST_CASE("to_families: the job histogram is cumulative and ends at infinity") {
    const auto text = text_of(example_snapshot());
    const std::string who = R"(runner="acme-widgets.build-01")";
    const std::string bucket = "paws_runner_job_duration_seconds_bucket{" + who;
    CHECK(has_line(text, bucket + R"(,le="300"} 0)"));
    CHECK(has_line(text, bucket + R"(,le="600"} 2)"));
    CHECK(has_line(text, bucket + R"(,le="21600"} 2)"));
    CHECK(has_line(text, bucket + R"(,le="+Inf"} 3)"));
    CHECK(has_line(text, "paws_runner_job_duration_seconds_sum{" + who + "} 31200"));
    CHECK(has_line(text, "paws_runner_job_duration_seconds_count{" + who + "} 3"));
}

TEST_CASE("to_families: what is absent is not told, least of all as zero") {
    Snapshot snapshot;
    snapshot.taken = noon;
    const auto text = text_of(snapshot);
    CHECK(mentions(text, "paws_agent_snapshot_timestamp_seconds"));
    CHECK(text.find("paws_host_") == std::string::npos);
    CHECK(text.find("paws_runner_") == std::string::npos);
    CHECK(text.find("paws_filesystem_") == std::string::npos);
}

TEST_CASE("to_families: counters whose past is not known yet are absent, not zero") {
    auto snapshot = example_snapshot();
    snapshot.facts.runners.front().log.value->counters_known = false;
    const auto text = text_of(snapshot);
    CHECK(mentions(text, "paws_runner_up"));
    for (const auto* counter : {"paws_runner_jobs_total",
                                "paws_runner_jobs_lost_total",
                                "paws_runner_connect_errors_total",
                                "paws_runner_listener_exits_total",
                                "paws_runner_job_duration_seconds"}) {
        CHECK_FALSE(mentions(text, counter));
    }
}

TEST_CASE("to_families: a fact older than thirty seconds is gone") {
    auto snapshot = example_snapshot();
    snapshot.facts.host.memory.taken.boot -= 31s;
    snapshot.facts.runners.front().cgroup.taken.boot -= 31s;
    const auto text = text_of(snapshot);
    CHECK_FALSE(mentions(text, "paws_host_memory_total_bytes"));
    CHECK_FALSE(mentions(text, "paws_runner_memory_bytes"));
    CHECK(mentions(text, "paws_host_load1"));
    CHECK(mentions(text, "paws_runner_directory_bytes"));
}

TEST_CASE("to_families: when the agent stopped publishing, runners are unknown, not up") {
    auto agent = example_agent();
    agent.now.boot += 31s;
    const auto text = expose(to_families(example_snapshot(), agent, {}), Format::text);
    const std::string who = R"(runner="acme-widgets.build-01")";
    CHECK(has_line(text, "paws_runner_up{" + who + "} 0"));
    CHECK(has_line(text, "paws_runner_state{" + who + R"(,state="unknown"} 1)"));
    CHECK_FALSE(mentions(text, "paws_runner_busy"));
    CHECK_FALSE(mentions(text, "paws_host_load1"));
    CHECK(has_line(text, "paws_agent_snapshot_timestamp_seconds 1763906400"));
}

TEST_CASE("to_families: mountpoints that read the same are told once") {
    auto snapshot = example_snapshot();
    auto& filesystems = *snapshot.facts.host.filesystems.value;
    filesystems.back() = filesystems.front();
    filesystems.front().mountpoint = "/a\xFF";
    filesystems.back().mountpoint = "/a\xFE";
    const auto families = to_families(snapshot, example_agent(), {});
    const auto sizes =
        std::ranges::find(families, "paws_filesystem_size_bytes", &prometheus::MetricFamily::name);
    REQUIRE(sizes != families.end());
    REQUIRE(sizes->metric.size() == 1);
    CHECK(sizes->metric.front().label.front().value == "/a\uFFFD");
}

TEST_CASE("to_families: the earlier exporter's names come when asked for") {
    CHECK_FALSE(mentions(text_of(example_snapshot()), "runner_status"));
    const auto text = text_of(example_snapshot(), {.legacy_metrics = true});
    const std::string target = R"({hostname="ci01",environment="production")";
    CHECK(has_line(
        text,
        "runner_status" + target + R"(,authorized_for_prod="false",active_state="active"} 1)"));
    CHECK(has_line(text, "runner_cpu_usage_percent" + target + "} 12.5"));
    CHECK(has_line(text, "runner_memory_usage_percent" + target + "} 25"));
    CHECK(has_line(text, "runner_memory_total_bytes" + target + "} 8000000000"));
    CHECK(has_line(text, "runner_disk_usage_percent" + target + "} 75"));
    CHECK(has_line(text, "runner_disk_available_bytes" + target + "} 25000000000"));
    CHECK(has_line(text, "runner_last_check_in_timestamp_seconds" + target + "} 1763906388"));
}
