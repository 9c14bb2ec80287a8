#include "collectors/pressure.h"

#include "tests/collectors/bad_inputs.h"
#include "tests/support/small_root.h"

#include <doctest/doctest.h>

using namespace paws;

namespace {

constexpr std::string_view both =
    "some avg10=29.46 avg60=14.69 avg300=9.42 total=73759970\n"
    "full avg10=1.00 avg60=0.50 avg300=0.25 total=1000000\n";

Result<collectors::Fill> collect(const SmallRoot& host, Facts& draft) {
    return collectors::PressureCollector{host.root()}.collect(draft, Now{});
}

}  // namespace

TEST_CASE("parse_stalls: averages in percent, the total in seconds") {
    const auto stalls = collectors::parse_stalls(both).value();
    CHECK(stalls.some->avg10 == 29.46);
    CHECK(stalls.some->avg60 == 14.69);
    CHECK(stalls.some->avg300 == 9.42);
    CHECK(stalls.some->total_seconds == 73.75997);
    CHECK(stalls.full->total_seconds == 1);
}

TEST_CASE("parse_stalls: a kind that the kernel does not measure is absent, not zero") {
    const auto stalls =
        collectors::parse_stalls("some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n").value();
    CHECK(stalls.some);
    CHECK_FALSE(stalls.full);
}

TEST_CASE("parse_stalls: refuses what is short or garbage") {
    CHECK_FALSE(collectors::parse_stalls("some avg10=0.00 avg60=0.00 avg300=0.00\n"));
    CHECK_FALSE(collectors::parse_stalls("some avg10=0.00 avg60=inf avg300=0.00 total=1\n"));
    CHECK_FALSE(collectors::parse_stalls("some avg10=0.00 avg60=-1.0 avg300=0.00 total=1\n"));
    CHECK_FALSE(collectors::parse_stalls("full avg10 avg60 avg300 total\n"));
    for (const auto& text : bad_inputs()) {
        CHECK_FALSE(collectors::parse_stalls(text));
        CHECK_FALSE(collectors::parse_stalls("some " + text));
    }
}

TEST_CASE("pressure: reads the three resources") {
    const SmallRoot host;
    host.write("proc/pressure/cpu", both);
    host.write("proc/pressure/memory", both);
    host.write("proc/pressure/io", "full avg10=2.00 avg60=0.00 avg300=0.00 total=5000000\n");
    Facts draft;
    collect(host, draft).value()(draft);
    CHECK(draft.host.pressure.value->cpu.some->avg10 == 29.46);
    CHECK(draft.host.pressure.value->memory.full->avg10 == 1);
    CHECK(draft.host.pressure.value->io.full->total_seconds == 5);
}

TEST_CASE("pressure: a kernel without PSI is no failure and gives no fact") {
    const SmallRoot host;
    Facts draft;
    collect(host, draft).value()(draft);
    CHECK_FALSE(draft.host.pressure.value);
}

TEST_CASE("pressure: a garbled file is named") {
    const SmallRoot host;
    host.write("proc/pressure/cpu", both);
    host.write("proc/pressure/io", "garbage");
    Facts draft;
    CHECK(collect(host, draft)
              .error()
              .what.ends_with("/proc/pressure/io: has neither a line 'some' nor 'full'"));
}
