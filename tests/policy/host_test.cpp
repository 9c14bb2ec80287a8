#include "policy/host.h"

#include "policy/forecast.h"
#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

Host host_at(const Now& now, double busy_seconds, double idle_seconds) {
    Host host;
    CpuTimes times;
    times.user = busy_seconds;
    times.idle = idle_seconds;
    host.cpu = at(now, Cpu{.times = times, .cpus = 2});
    host.memory = at(now, Memory{.total_bytes = 1000, .available_bytes = 500});
    host.clock = at(now, ClockSync{.synchronised = true, .offset_seconds = 0});
    host.filesystems = at(now, std::vector<Filesystem>{});
    return host;
}

HostJudgement judged(const Host& host, Memories& memories, const Now& now) {
    Facts facts;
    facts.host = host;
    return judge_host(facts, memories, now);
}

Filesystem filesystem(std::uint64_t avail_bytes, std::uint64_t files_free = 50) {
    Filesystem filesystem{.mountpoint = "/", .device = "/dev/vda", .fstype = "ext4"};
    filesystem.usage = FilesystemUsage{
        .size_bytes = 1000, .avail_bytes = avail_bytes, .files = 100, .files_free = files_free};
    return filesystem;
}

}  // namespace

TEST_CASE("judge_host: a quiet machine is well, one that says nothing is unknown") {
    Memories memories;
    CHECK(judged(host_at(noon, 0, 0), memories, noon).health == Health::ok);
    CHECK(judged(Host{}, memories, noon).health == Health::unknown);
    CHECK(judged(host_at(noon, 0, 0), memories, after(31s)).health == Health::unknown);
}

TEST_CASE("judge_host: a busy CPU is a problem after ten minutes, every tick of them") {
    Memories memories;
    double busy = 0;
    double idle = 0;
    auto tick = [&](std::chrono::seconds second, double share) {
        busy += share * 10;
        idle += (1 - share) * 10;
        const auto now = after(second);
        return judged(host_at(now, busy, idle), memories, now)
            .problems.found.contains(Problem::cpu);
    };
    for (auto second = 0s; second < 610s; second += 10s) {
        CHECK_FALSE(tick(second, 0.81));
    }
    CHECK(tick(610s, 0.81));        // the first share is known at the second tick
    CHECK_FALSE(tick(620s, 0.79));  // one calm tick starts the count anew
    CHECK_FALSE(tick(630s, 0.81));
}

TEST_CASE("judge_host: the busy share is of the time since the tick before") {
    Memories memories;
    CHECK_FALSE(judged(host_at(noon, 10, 90), memories, noon).cpu_busy);
    const auto second = judged(host_at(after(10s), 15, 105), memories, after(10s));
    CHECK(second.cpu_busy == doctest::Approx(0.25));
    CHECK_FALSE(judged(Host{}, memories, after(20s)).cpu_busy);
}

TEST_CASE("judge_host: memory and clock problems are sustained ones") {
    Memories memories;
    auto tick = [&](const Now& now) {
        auto host = host_at(now, 0, 0);
        host.memory.value->available_bytes = 149;
        host.clock.value->synchronised = false;
        return judged(host, memories, now);
    };
    CHECK(tick(noon).problems.found.empty());
    CHECK(tick(after(599s)).health == Health::ok);
    const auto judged = tick(after(600s));
    CHECK(judged.problems.found == std::set{Problem::memory, Problem::clock});
    CHECK(judged.health == Health::degraded);
}

TEST_CASE(
    "judge_host: disk above 75 % degrades, above 90 % fails, a read-only image does neither, "
    "a silent one degrades") {
    auto health_with = [](Filesystem filesystem) {
        Memories memories;
        auto host = host_at(noon, 0, 0);
        host.filesystems = at(noon, std::vector{std::move(filesystem)});
        return judged(host, memories, noon).health;
    };
    CHECK(health_with(filesystem(250)) == Health::ok);
    CHECK(health_with(filesystem(249)) == Health::degraded);
    CHECK(health_with(filesystem(99)) == Health::failed);
    CHECK(health_with(filesystem(500, 4)) == Health::degraded);
    auto image = filesystem(0);
    image.read_only = true;
    CHECK(health_with(image) == Health::ok);
    auto dead = filesystem(0);
    dead.usage.reset();
    CHECK(health_with(dead) == Health::degraded);
    dead.hidden = true;  // from the agent alone
    CHECK(health_with(dead) == Health::ok);
}

TEST_CASE("full_in_seconds: a steady loss runs out when the arithmetic says") {
    std::vector<SpaceSample> samples;
    for (unsigned minute = 0; minute <= 10; ++minute) {
        remember(samples,
                 {.at = BootTime{1min * minute}, .avail_bytes = 10'000'000 - 60'000 * minute});
    }
    const auto left = full_in_seconds(samples);
    REQUIRE(left);
    CHECK(*left == doctest::Approx(9400));
}

TEST_CASE(
    "full_in_seconds: too short a look, a steady or growing disk, next year: all say nothing") {
    auto trend = [](int minutes, long per_minute) {
        std::vector<SpaceSample> samples;
        for (int minute = 0; minute <= minutes; ++minute) {
            const auto left = static_cast<std::uint64_t>(100'000'000 + per_minute * minute);
            remember(samples, {.at = BootTime{1min * minute}, .avail_bytes = left});
        }
        return full_in_seconds(samples);
    };
    CHECK_FALSE(trend(9, -60'000));
    CHECK(trend(10, -60'000));
    CHECK_FALSE(trend(10, 0));
    CHECK_FALSE(trend(10, 60'000));
    CHECK_FALSE(trend(60, -1));
    CHECK_FALSE(full_in_seconds({}));
}

TEST_CASE("remember: keeps one reading a minute for one hour") {
    std::vector<SpaceSample> samples;
    for (int second = 0; second < 7200; second += 5) {
        remember(samples, {.at = BootTime{1s * second}, .avail_bytes = 1});
    }
    CHECK(samples.size() == 61);
}
