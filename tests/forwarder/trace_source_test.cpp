#include "forwarder/trace_source.h"

#include "tests/forwarder/trace_rig.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

struct Rig {
    TraceRig files;
    Intake intake{Streams{{}}, *Redactor::create()};
    TraceSource source{intake, platform::RootFs::open("/").value()};
    Roster roster;
    Now now{.wall = began + 1h, .boot = BootTime{1h}};
    BatchBounds bounds;
    Batch batch;
    Position position;

    Rig() {
        position.began = began;
        source.open(position);
        roster.runners.push_back({.name = "acme.one",
                                  .unit = "one.service",
                                  .root = files.directory.path(),
                                  .heard_to = began + 10h,
                                  .jobs = {}});
    }
    Read read() { return source.read(batch, bounds, roster, now); }
    // Its reader has a thread of its own: until what it finds is here.
    bool until(const std::function<bool()>& is_met) {
        for (const auto end = std::chrono::steady_clock::now() + 20s;
             !is_met() && std::chrono::steady_clock::now() < end;
             std::this_thread::yield()) {
            read();
        }
        return is_met();
    }
    bool has_lines(std::size_t count) {
        return until([&] { return batch.items().size() >= count; });
    }
    // Until the reader has looked at what was there before.
    bool has_looked(const std::string& runner = "acme.one") {
        return until([&] {
            source.tell(position);
            return position.traces.contains(runner);
        });
    }
    void add(const std::string& runner, const TraceRig& of) {
        roster.runners.push_back({.name = runner,
                                  .unit = "",
                                  .root = of.directory.path(),
                                  .heard_to = began + 10h,
                                  .jobs = {}});
    }
    // As the pump does: until nothing more comes into the batch.
    std::map<std::string, std::size_t> next_batch() {
        batch.clear();
        until([&] { return read() == Read::full; });
        std::map<std::string, std::size_t> lines;
        for (const auto& item : batch.items()) {
            ++lines[intake.streams().labels(item.stream)];
        }
        return lines;
    }
    static std::string told(const Entry& entry, std::string_view wanted) {
        for (const auto& [name, value] : entry.metadata) {
            if (name == wanted) {
                return std::string{value};
            }
        }
        return "";
    }
};

}  // namespace

TEST_CASE("trace source: a runner's records become lines with their file, component and job") {
    Rig rig;
    rig.roster.runners[0].jobs.push_back(
        {.begin = began,
         .end = began + 10h,
         .name = "build",
         .identity = JobIdentity{"acme/widgets", "CI", "b", 7, 1}});
    REQUIRE(rig.has_looked());
    rig.files.write(trace_name(0), record("one") + record("two"));
    REQUIRE(rig.has_lines(2));
    const auto& item = rig.batch.items()[0];
    const auto entry = rig.batch.decode(item);
    CHECK(entry.line == "[2026-01-02 03:04:05Z INFO Test] one");
    CHECK(rig.intake.streams().labels(item.stream) ==
          R"({job="runner-diag", level="info", runner="acme.one", unit="one.service"})");
    CHECK(rig.told(entry, "file") == trace_name(0));
    CHECK(rig.told(entry, "component") == "Test");
    CHECK(rig.told(entry, "job_name") == "build");
    CHECK(rig.told(entry, "run_id") == "7");
    CHECK(rig.intake.counts().read.at(LogSource::diag) == 2);
}

TEST_CASE("trace source: a secret that lies across the end of a long component does not leave") {
    Rig rig;
    REQUIRE(rig.has_looked());
    const std::string secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    rig.files.write(
        trace_name(0),
        "[2026-01-02 03:04:05Z INFO " + std::string(110, 'x') + " " + secret + "] done\n");
    REQUIRE(rig.has_lines(1));
    const auto component = Rig::told(rig.batch.decode(rig.batch.items()[0]), "component");
    CHECK(component.starts_with("xxx"));
    CHECK(component.find("ghp_") == std::string::npos);
}

TEST_CASE("trace source: its position is that of what was taken, and another goes on from there") {
    Rig rig;
    REQUIRE(rig.has_looked());
    rig.files.write(trace_name(0), record("one"));
    REQUIRE(rig.has_lines(1));
    rig.source.tell(rig.position);
    rig.batch.clear();
    TraceSource next{rig.intake, platform::RootFs::open("/").value()};
    next.open(rig.position);
    rig.files.write(trace_name(0), record("two"));
    CHECK(rig.until([&] {
        static_cast<void>(next.read(rig.batch, {}, rig.roster, rig.now));
        return !rig.batch.empty();
    }));
    CHECK(rig.batch.decode(rig.batch.items()[0]).line.ends_with("two"));
}

TEST_CASE("trace source: young lines wait until it is known whose job they are of, but not long") {
    Rig rig;
    rig.now.wall = began + 4min + 6s;  // a second after what record() says
    rig.roster.runners[0].heard_to = began;
    REQUIRE(rig.has_looked());
    rig.files.write(trace_name(0), record("one"));
    REQUIRE(rig.until([&] { return rig.read() == Read::held; }));
    CHECK(rig.batch.empty());
    rig.now.boot += 7s;
    REQUIRE(rig.has_lines(1));
    Rig known;
    known.now.wall = began + 4min + 6s;
    known.roster.runners[0].heard_to = began;
    REQUIRE(known.has_looked());
    known.files.write(trace_name(0), record("one"));
    REQUIRE(known.until([&] { return known.read() == Read::held; }));
    known.roster.runners[0].heard_to = began + 1h;
    CHECK(known.has_lines(1));
}

TEST_CASE("trace source: what keeps a runner's traces from being read is said with its name") {
    Rig rig;
    CHECK(rig.source.trouble().empty());
    rig.roster.runners[0].root = "/nowhere/at/all";
    REQUIRE(rig.until([&] { return !rig.source.trouble().empty(); }));
    CHECK(rig.source.trouble().starts_with("acme.one: "));
    rig.roster.runners.clear();
    rig.read();
    CHECK(rig.source.trouble().empty());
}

TEST_CASE("trace source: a runner that writes without end leaves half of each batch, and turns") {
    TraceRig quiet;
    Rig rig;
    rig.bounds.lines = 20;
    rig.add("acme.two", quiet);
    REQUIRE(rig.has_looked());
    REQUIRE(rig.has_looked("acme.two"));
    std::string many;
    for (int i = 0; i < 1'000; ++i) {
        many += record(std::to_string(i));
    }
    rig.files.write(trace_name(0), many);
    std::size_t of_two = 0;
    for (int batch = 0; batch < 50; ++batch) {
        quiet.write(trace_name(batch), record("few"));
        std::this_thread::sleep_for(1ms);  // for its reader
        const auto lines = rig.next_batch();
        CHECK(rig.batch.items().size() == 10);
        for (const auto& [labels, count] : lines) {
            of_two += labels.find("acme.two") != std::string::npos ? count : 0;
        }
    }
    CHECK(of_two > 10);
}

TEST_CASE("trace source: what does not fit into a batch goes on in the next, and its position") {
    Rig rig;
    rig.bounds.lines = 20;
    REQUIRE(rig.has_looked());
    std::string many;
    for (int i = 0; i < 25; ++i) {
        many += record(std::to_string(i));
    }
    rig.files.write(trace_name(0), many);
    rig.next_batch();
    CHECK(rig.batch.items().size() == 10);
    rig.source.tell(rig.position);
    TraceSource next{rig.intake, platform::RootFs::open("/").value()};
    next.open(rig.position);
    rig.batch.clear();
    for (const auto end = std::chrono::steady_clock::now() + 20s;
         rig.batch.items().size() < 15 && std::chrono::steady_clock::now() < end;) {
        static_cast<void>(next.read(rig.batch, {}, rig.roster, rig.now));
    }
    REQUIRE(rig.batch.items().size() == 15);
    CHECK(rig.batch.decode(rig.batch.items()[0]).line.ends_with("] 10"));
    CHECK(rig.batch.decode(rig.batch.items()[14]).line.ends_with("] 24"));
}

TEST_CASE("trace source: a line with a time of long ago keeps it and makes no lag") {
    Rig rig;
    REQUIRE(rig.has_looked());
    rig.files.write(trace_name(0), "[1970-01-02 03:04:05Z INFO Test] forged\n");
    REQUIRE(rig.has_lines(1));
    CHECK(rig.batch.items()[0].at < WallTime{} + 48h);
    CHECK(rig.batch.oldest() == began + 1h);
}

TEST_CASE("trace source: a directory that does not answer is said after some seconds") {
    Rig rig;
    const auto hangs = std::make_shared<std::atomic<bool>>(true);
    TraceSource source{rig.intake,
                       platform::RootFs::open("/").value(),
                       {},
                       [hangs](TraceReader& reader, const TraceQuestion& question) {
                           while (*hangs) {
                               std::this_thread::yield();
                           }
                           return TraceSource::look_at_files(reader, question);
                       }};
    source.open(rig.position);
    const auto read = [&] { static_cast<void>(source.read(rig.batch, {}, rig.roster, rig.now)); };
    read();
    rig.now.boot += 9s;
    read();
    CHECK(source.trouble().empty());
    rig.now.boot += 2s;
    read();
    CHECK(source.trouble() == "acme.one: its directory does not answer");
    *hangs = false;
    CHECK(rig.until([&] {
        read();
        return source.trouble().empty();
    }));
}

TEST_CASE("trace source: beyond the bound of runners lines tell whose they are") {
    Rig rig;
    rig.intake.streams() = Streams{{}, 500, 0};
    REQUIRE(rig.has_looked());
    rig.files.write(trace_name(0), record("one"));
    REQUIRE(rig.has_lines(1));
    const auto& item = rig.batch.items()[0];
    CHECK(rig.intake.streams().labels(item.stream) ==
          R"({job="runner-diag", level="info", runner="other", unit="other"})");
    CHECK(rig.told(rig.batch.decode(item), "full_runner") == "acme.one");
    CHECK(rig.told(rig.batch.decode(item), "full_unit") == "one.service");
}

TEST_CASE("trace source: the place of a runner is kept for a week after it was known") {
    Rig rig;
    rig.position.traces["acme.one"].done_to = "20260101-000000";
    rig.source.open(rig.position);
    rig.roster.runners[0].root.clear();  // known, but where it is is not: nobody reads
    const auto has_place = [&] {
        rig.read();
        rig.source.tell(rig.position);
        return rig.position.traces.contains("acme.one");
    };
    CHECK(has_place());
    rig.now.boot += 30 * 24h;
    CHECK(has_place());
    rig.roster.runners.clear();
    rig.now.boot += 6 * 24h;
    CHECK(has_place());
    rig.now.boot += 2 * 24h;
    CHECK_FALSE(has_place());
}

TEST_CASE("trace source: of many runners that are gone those used last keep their places") {
    Rig rig;
    for (int day = 1; day <= 28; ++day) {
        const auto stamp = "202601" + std::string(day < 10 ? 1 : 0, '0') + std::to_string(day);
        for (int runner = 0; runner < 50; ++runner) {
            auto& place = rig.position.traces[std::to_string(runner) + " of " + stamp];
            place.done_to = "20251231-000000";
            place.files["Worker_" + stamp + "-000000-utc.log"] = {};
        }
    }
    rig.position.traces["acme.one"].done_to = "20251230-000000";
    rig.source.open(rig.position);
    rig.read();
    rig.source.tell(rig.position);
    CHECK(rig.position.traces.size() == 1'000);
    CHECK(rig.position.traces.contains("acme.one"));
    CHECK_FALSE(rig.position.traces.contains("1 of 20260108"));
    CHECK(rig.position.traces.contains("1 of 20260110"));
}
