#include "collectors/proc_stat.h"

#include "tests/collectors/bad_inputs.h"
#include "tests/support/small_root.h"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace std::chrono_literals;
using collectors::BootCollector;
using collectors::CpuCollector;
using collectors::ProcStatFile;

namespace {

constexpr std::string_view proc_stat =
    "cpu  37999 7417 11807 257820 914 1 279 54 3 4\n"
    "cpu0 16032 2948 5348 133440 210 0 19 25 0 0\n"
    "cpu1 21967 4468 6459 124380 703 0 260 28 0 0\n"
    "intr 683468 0 0 0\n"
    "ctxt 1234\n"
    "btime 1763605149\n"
    "processes 4321\n";

std::string with_idle(int ticks) {
    return "cpu  100 0 0 " + std::to_string(ticks) + " 0 0 0 0 0 0\ncpu0 1 1 1 1\nbtime 1\n";
}

Now at(std::chrono::seconds second) {
    return {WallTime{second}, BootTime{second}};
}

}  // namespace

TEST_CASE("parse_proc_stat: reads the times of all CPUs, their number, and the boot") {
    const auto stat = collectors::parse_proc_stat(proc_stat).value();
    CHECK(stat.cpu.times.user == 379.99);
    CHECK(stat.cpu.times.nice == 74.17);
    CHECK(stat.cpu.times.system == 118.07);
    CHECK(stat.cpu.times.idle == 2578.2);
    CHECK(stat.cpu.times.iowait == 9.14);
    CHECK(stat.cpu.times.irq == 0.01);
    CHECK(stat.cpu.times.softirq == 2.79);
    CHECK(stat.cpu.times.steal == 0.54);
    CHECK(stat.cpu.cpus == 2);
    CHECK(stat.boot == WallTime{1763605149s});
}

TEST_CASE("parse_proc_stat: each part that is missing is named") {
    CHECK(collectors::parse_proc_stat("cpu  1 2 3\ncpu0 1 2 3\nbtime 1\n").error().what ==
          "has no line 'cpu' with eight times");
    CHECK(collectors::parse_proc_stat("cpu  1 2 3 4 5 6 7 8\ncpu0 1\n").error().what ==
          "has no line 'btime' with a time");
    CHECK(collectors::parse_proc_stat("cpu  1 2 3 4 5 6 7 8\nbtime 1\n").error().what ==
          "has no line 'cpu0' or another CPU");
}

TEST_CASE("parse_proc_stat: a boot before 1970 or after 2200 is none") {
    CHECK_FALSE(collectors::parse_proc_stat("cpu  1 2 3 4 5 6 7 8\ncpu0 1\nbtime -1\n"));
    CHECK_FALSE(collectors::parse_proc_stat("cpu  1 2 3 4 5 6 7 8\ncpu0 1\nbtime 9000000000000\n"));
}

TEST_CASE("parse_proc_stat: refuses garbage") {
    for (const auto& text : bad_inputs()) {
        CHECK_FALSE(collectors::parse_proc_stat(text));
        CHECK_FALSE(collectors::parse_proc_stat("cpu  " + text));
    }
}

TEST_CASE("cpu: idle that runs back a little stands still, so that no counter resets") {
    const SmallRoot host;
    CpuCollector cpu{std::make_shared<ProcStatFile>(host.root())};
    Facts draft;
    host.write("proc/stat", with_idle(5000));
    cpu.collect(draft, at(1s)).value()(draft);
    host.write("proc/stat", with_idle(4999));
    cpu.collect(draft, at(2s)).value()(draft);
    CHECK(draft.host.cpu.value->times.idle == 50);
    host.write("proc/stat", with_idle(5001));
    cpu.collect(draft, at(3s)).value()(draft);
    CHECK(draft.host.cpu.value->times.idle == 50.01);
}

TEST_CASE("cpu: when CPUs were taken away all modes start anew") {
    CpuTimes before;
    before.user = 100;
    before.idle = 1000;
    CpuTimes now;
    now.user = 60;
    now.idle = 500;
    CHECK(collectors::forward_only(before, now).user == 60);
    CHECK(collectors::forward_only(before, now).idle == 500);
}

TEST_CASE("cpu, boot: one reading of the file serves both, the next round reads anew") {
    const SmallRoot host;
    host.write("proc/stat", proc_stat);
    const auto file = std::make_shared<ProcStatFile>(host.root());
    CpuCollector cpu{file};
    BootCollector boot{file};
    Facts draft;
    cpu.collect(draft, at(1s)).value()(draft);
    host.write("proc/stat", "garbage");
    boot.collect(draft, {WallTime{1s}, BootTime{1s + 1ms}}).value()(draft);
    CHECK(draft.host.cpu.value->cpus == 2);
    CHECK(draft.host.boot.value == WallTime{1763605149s});
    CHECK(boot.collect(draft, at(2s))
              .error()
              .what.ends_with("/proc/stat: has no line 'cpu' with eight times"));
}

TEST_CASE("boot: a wall clock that steps back moves the boot with it and fails nothing") {
    const SmallRoot host;
    const auto file = std::make_shared<ProcStatFile>(host.root());
    BootCollector boot{file};
    Facts draft;
    host.write("proc/stat", proc_stat);
    boot.collect(draft, {WallTime{1763605200s}, BootTime{51s}}).value()(draft);
    std::string stepped{proc_stat};
    stepped.replace(stepped.find("1763605149"), 10, "1763601549");
    host.write("proc/stat", stepped);
    boot.collect(draft, {WallTime{1763601605s}, BootTime{56s}}).value()(draft);
    CHECK(draft.host.boot.value == WallTime{1763601549s});
    CHECK(draft.host.boot.taken.boot == BootTime{56s});
}
