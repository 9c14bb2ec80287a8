#include "forwarder/trace_reader.h"

#include "tests/forwarder/trace_rig.h"

#include <set>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

const std::string old_runner = "Runner_20260101-000000-utc.log";
const std::string old_worker = "Worker_20260101-000000-utc.log";

}  // namespace

TEST_CASE("trace reader: of a trace from before only what is added is read") {
    TraceRig rig;
    rig.write(old_runner, record("before"));
    CHECK(rig.read_twice().empty());
    rig.write(old_runner, record("after"));
    CHECK(rig.read_twice() == Texts{"after"});
    CHECK(rig.read_twice().empty());
}

TEST_CASE("trace reader: a new trace is read from its beginning, with what its heads tell") {
    TraceRig rig;
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("one") + "  more of one\n" + record("two") + record("three"));
    const auto lines = rig.read_lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].file == trace_name(0));
    CHECK(lines[0].component == "Test");
    CHECK(lines[0].level == Level::info);
    CHECK(lines[0].text == "[2026-01-02 03:04:05Z INFO Test] one\n  more of one");
    CHECK(std::chrono::floor<std::chrono::seconds>(lines[0].at) == began + 4min + 5s);
    CHECK(lines[0].at < lines[1].at);  // of one second, and yet in order
    CHECK(rig.read() == Texts{"three"});
}

TEST_CASE("trace reader: the last record is taken once it did not grow for a look") {
    TraceRig rig;
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("one"));
    CHECK(rig.read().empty());
    rig.write(trace_name(0), "  at A\n");
    CHECK(rig.read().empty());
    rig.write(trace_name(0), "  at B");
    CHECK(rig.read().empty());
    CHECK(rig.read() == Texts{"one\n  at A\n  at B"});
    rig.write(trace_name(0), "\n" + record("two"));
    CHECK(rig.read_twice() == Texts{"two"});
}

TEST_CASE("trace reader: after a restart it goes on where it was, with the same times") {
    TraceRig rig;
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("one") + record("two"));
    const auto before = rig.positions;
    const auto first = rig.read_lines();
    REQUIRE(first.size() == 1);
    rig.restart();
    rig.positions = before;  // it was not delivered
    const auto again = rig.read_lines();
    REQUIRE(again.size() == 1);
    CHECK(again[0].at == first[0].at);
    rig.restart();
    CHECK(rig.read_twice() == Texts{"two"});
    rig.restart();
    CHECK(rig.read_twice().empty());
}

TEST_CASE("trace reader: the rest of a record that was cut has the time of its file, not 1970") {
    TraceRig rig;
    CHECK(rig.read().empty());
    rig.write(trace_name(0), "a line without a head\n");
    CHECK(rig.read().empty());
    const auto lines = rig.read_lines();
    REQUIRE(lines.size() == 1);
    CHECK(std::chrono::floor<std::chrono::seconds>(lines[0].at) == began + 1h);
    CHECK(lines[0].component.empty());
}

TEST_CASE("trace reader: when a newer trace begins the one before is read to its end") {
    TraceRig rig{{.newest = 1}};
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("one"));
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("two"));
    rig.write(trace_name(10), record("three") + record("four"));
    CHECK(rig.read_twice() == Texts{"one", "two", "three", "four"});
    rig.now += 8 * 24h;
    CHECK(rig.read().empty());
    CHECK(rig.positions->files.size() == 1);  // the first is done with
    CHECK(rig.positions->files.contains(trace_name(10)));
    CHECK(rig.positions->done_to == "20260102-040000");
}

TEST_CASE("trace reader: runner's and worker's traces are followed side by side") {
    TraceRig rig{{.newest = 1}};
    rig.write(old_runner, record("before"));
    rig.write(old_worker, record("before"));
    CHECK(rig.read_twice().empty());
    for (int job = 1; job < 6; ++job) {
        const auto number = std::to_string(job);
        rig.write(trace_name(job), record("worker " + number));
        rig.write(old_runner, record("runner " + number));
        const auto texts = rig.read_twice();
        CHECK(std::multiset<std::string>(texts.begin(), texts.end()) ==
              std::multiset<std::string>{"runner " + number, "worker " + number});
    }
    CHECK(rig.positions->files.size() == 7);
}

TEST_CASE("trace reader: a line is no older than the look before it, whatever its head says") {
    TraceRig rig;
    CHECK(rig.read().empty());
    rig.write(trace_name(0), "[1970-01-02 03:04:05Z INFO Test] forged\n");
    CHECK(rig.read_lines().empty());
    auto lines = rig.read_lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].at < WallTime{} + 48h);
    CHECK(lines[0].not_before == began + 1h);  // when its file was opened, by its name
    const auto looked = rig.now += 1h;
    CHECK(rig.read_lines().empty());
    rig.now += 1min;
    rig.write(trace_name(0), "[1970-01-02 03:04:05Z INFO Test] forged\n");
    CHECK(rig.read_lines().empty());
    lines = rig.read_lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].not_before == looked);
}

TEST_CASE("trace reader: a truncated file and another of its name begin anew") {
    TraceRig rig;
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("a long record at first") + record("and a second"));
    CHECK(rig.read_twice().size() == 2);
    std::ofstream{rig.diag / trace_name(0), std::ios::trunc} << record("cut");
    CHECK(rig.read_twice() == Texts{"cut"});
    rig.write("another", record("a replacement") + record("that is longer than the file before"));
    std::filesystem::rename(rig.diag / "another", rig.diag / trace_name(0));
    CHECK(rig.read_twice() == Texts{"a replacement", "that is longer than the file before"});
    CHECK(rig.read_twice().empty());
}

TEST_CASE("trace reader: a file that is gone is forgotten") {
    TraceRig rig;
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("one"));
    CHECK(rig.read_twice() == Texts{"one"});
    std::filesystem::remove(rig.diag / trace_name(0));
    CHECK(rig.read_twice().empty());
    CHECK(rig.positions->files.empty());
    CHECK(rig.error.empty());
}

TEST_CASE("trace reader: a record beyond the bound is cut and nothing of it is lost") {
    TraceRig rig{{.of_a_look = 1'000, .longest_record = 1'000}};
    CHECK(rig.read().empty());
    const auto text = record(std::string(2'500, 'x')) + record("after") + record("last");
    rig.write(trace_name(0), text);
    std::string together;
    std::size_t looks = 0;
    do {
        for (const auto& line : rig.read_lines()) {
            CHECK(line.text.size() <= 1'000);
            together += line.text;
        }
        ++looks;
    } while ((rig.more || looks < 6) && looks < 20);
    std::string expected = text;
    std::erase(expected, '\n');
    CHECK(together == expected);
    CHECK(looks < 10);
}

TEST_CASE("trace reader: a look is bounded, and says that there is more") {
    TraceRig rig{{.of_a_look = 500, .longest_record = 500}};
    CHECK(rig.read().empty());
    Texts expected;
    for (int file = 0; file < 5; ++file) {
        for (int i = 0; i < 20; ++i) {
            const auto text = std::to_string(file) + "." + std::to_string(i);
            rig.write(trace_name(file), record(text));
            expected.push_back(text);
        }
    }
    Texts found;
    int looks = 0;
    for (bool again = true; again; again = rig.more || looks < 20) {
        const auto texts = rig.read();
        CHECK(texts.size() <= 20);
        found.insert(found.end(), texts.begin(), texts.end());
        REQUIRE(++looks < 200);
    }
    CHECK(std::multiset<std::string>(found.begin(), found.end()) ==
          std::multiset<std::string>(expected.begin(), expected.end()));
    CHECK(found.size() == expected.size());
}
