#include "collectors/kernel_file.h"
#include "collectors/load.h"
#include "collectors/memory.h"
#include "collectors/oom.h"
#include "tests/collectors/bad_inputs.h"
#include "tests/support/small_root.h"

#include <cstdint>

#include <doctest/doctest.h>

using namespace paws;
using collectors::KernelFile;
using collectors::Presence;

namespace {

constexpr std::string_view meminfo =
    "MemTotal:       24042352 kB\n"
    "MemFree:        20000000 kB\n"
    "MemAvailable:   21000000 kB\n"
    "SwapCached:            0 kB\n"
    "SwapTotal:       2097148 kB\n"
    "SwapFree:        2097000 kB\n";

KernelFile<LoadAverage> load_below(const SmallRoot& host, Presence presence) {
    return {host.root(), {"load", "proc/loadavg", collectors::parse_load, &Host::load, presence}};
}

const Now noon{WallTime{std::chrono::hours{12}}, BootTime{std::chrono::hours{1}}};

}  // namespace

TEST_CASE("parse_load: reads the three averages") {
    const auto load = collectors::parse_load("0.50 1.25 12.00 2/345 6789\n").value();
    CHECK(load.one == 0.5);
    CHECK(load.five == 1.25);
    CHECK(load.fifteen == 12);
}

TEST_CASE("parse_load: refuses what is short or garbage") {
    CHECK_FALSE(collectors::parse_load("0.50 1.25\n"));
    CHECK_FALSE(collectors::parse_load("0.50 1.25 nan 2/345 6789\n"));
    for (const auto& text : bad_inputs()) {
        CHECK_FALSE(collectors::parse_load(text));
    }
}

TEST_CASE("parse_memory: amounts become bytes") {
    const auto memory = collectors::parse_memory(meminfo).value();
    CHECK(memory.total_bytes == 24042352ULL * 1024);
    CHECK(memory.available_bytes == 21000000ULL * 1024);
    CHECK(memory.swap_total_bytes == 2097148ULL * 1024);
    CHECK(memory.swap_free_bytes == 2097000ULL * 1024);
}

TEST_CASE("parse_memory: a missing line is named, never zero") {
    const auto memory = collectors::parse_memory(meminfo.substr(0, meminfo.find("SwapFree")));
    REQUIRE_FALSE(memory);
    CHECK(memory.error() == Error{Errc::malformed, "has no line SwapFree"});
}

TEST_CASE("parse_memory: an amount that is none or does not fit is refused by name") {
    CHECK(collectors::parse_memory("MemTotal: lots kB\n").error().what ==
          "MemTotal is not an amount in kB");
    CHECK_FALSE(collectors::parse_memory("MemTotal: 18446744073709551615 kB\n"));
    CHECK_FALSE(collectors::parse_memory("MemTotal: 12 MB\n"));
    for (const auto& text : bad_inputs()) {
        CHECK_FALSE(collectors::parse_memory(text));
    }
}

TEST_CASE("parse_oom_kills: finds the counter among the others") {
    CHECK(collectors::parse_oom_kills("nr_free_pages 12\noom_kill 3\noom_kill_x 4\n").value() == 3);
}

TEST_CASE(
    "parse_oom_kills: a kernel that does not count is absent, a text that is none malformed") {
    CHECK(collectors::parse_oom_kills("nr_free_pages 12\n").error().code == Errc::absent);
    CHECK(collectors::parse_oom_kills("nr_free_pages 12\noom_kill many\n").error().code ==
          Errc::malformed);
    for (const auto& text : bad_inputs()) {
        CHECK(collectors::parse_oom_kills(text).error().code == Errc::malformed);
    }
}

TEST_CASE("KernelFile: fills its fact with the value and the moment it was taken") {
    const SmallRoot host;
    host.write("proc/loadavg", "1 2 3 4/5 6\n");
    auto collector = load_below(host, Presence::required);
    Facts draft;
    collector.collect(draft, noon).value()(draft);
    CHECK(draft.host.load.value->five == 2);
    CHECK(draft.host.load.taken.boot == noon.boot);
}

TEST_CASE("KernelFile: an error names the file, and the fact keeps its last value") {
    const SmallRoot host;
    host.write("proc/loadavg", "garbage");
    const auto filled = load_below(host, Presence::required).collect({}, noon);
    REQUIRE_FALSE(filled);
    CHECK(filled.error() ==
          Error{Errc::malformed,
                host.path() + "/proc/loadavg: does not begin with three load averages"});
}

TEST_CASE("KernelFile: a file that not every kernel has may be missing, another may not") {
    const SmallRoot host;
    Facts draft;
    load_below(host, Presence::optional).collect(draft, noon).value()(draft);
    CHECK_FALSE(draft.host.load.value);
    const auto required = load_below(host, Presence::required).collect(draft, noon);
    REQUIRE_FALSE(required);
    CHECK(required.error().code == Errc::unavailable);
}
