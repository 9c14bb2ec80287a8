#include "tests/forwarder/trace_rig.h"

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using namespace paws::forwarder;
namespace fs = std::filesystem;

namespace {

const std::string old_runner = "Runner_20260101-000000-utc.log";

}  // namespace

TEST_CASE("trace files: a symlink in the place of a trace is not followed") {
    TraceRig rig;
    CHECK(rig.read().empty());
    std::ofstream{rig.directory.path() / "secret"} << record("secret");
    fs::create_symlink(rig.directory.path() / "secret", rig.diag / trace_name(0));
    rig.write(trace_name(1), record("good"));
    CHECK(rig.read_twice() == Texts{"good"});
    CHECK(rig.error.find(trace_name(0)) != std::string::npos);
}

TEST_CASE("trace files: neither is one in the place of the directory") {
    TraceRig rig;
    fs::remove(rig.diag);
    const auto elsewhere = rig.directory.path() / "elsewhere";
    fs::create_directory(elsewhere);
    std::ofstream{elsewhere / trace_name(0)} << record("secret");
    fs::create_directory_symlink(elsewhere, rig.diag);
    CHECK(rig.read_twice().empty());
    CHECK_FALSE(rig.error.empty());
}

TEST_CASE("trace files: a FIFO and a directory hold nothing up") {
    TraceRig rig;
    CHECK(rig.read().empty());
    REQUIRE(::mkfifo((rig.diag / trace_name(0)).c_str(), 0644) == 0);
    fs::create_directory(rig.diag / trace_name(1));
    rig.write(trace_name(2), record("good"));
    CHECK(rig.read_twice() == Texts{"good"});
    CHECK_FALSE(rig.error.empty());
}

TEST_CASE("trace files: one that may not be read is said, and read when it may be" *
          doctest::test_suite("root") * doctest::skip(::geteuid() != 0)) {
    TraceRig rig;
    fs::permissions(rig.directory.path(), fs::perms{0755});
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("late"));
    rig.write(trace_name(1), record("good"));
    fs::permissions(rig.diag / trace_name(0), fs::perms::none);
    constexpr uid_t nobody = 65534;
    const auto root = ::setfsuid(nobody);  // of this thread
    const auto texts = rig.read_twice();
    ::setfsuid(static_cast<uid_t>(root));
    CHECK(texts == Texts{"good"});
    CHECK(rig.error.find(trace_name(0)) != std::string::npos);
    CHECK(rig.read_twice() == Texts{"late"});
    CHECK(rig.error.empty());
}

TEST_CASE("trace files: without the directory there is nothing to read and nothing wrong") {
    TraceRig rig;
    fs::remove(rig.diag);
    CHECK(rig.read_twice().empty());
    CHECK(rig.error.empty());
    fs::create_directory(rig.diag);
    rig.write(old_runner, record("before"));
    rig.write(trace_name(0), record("new"));
    CHECK(rig.read_twice() == Texts{"new"});
}

TEST_CASE("trace files: a root that comes late still counts as from before the beginning") {
    TraceRig rig;
    const auto away = rig.directory.path().string() + "-away";
    rig.write(old_runner, record("before"));
    rig.write("Worker_20260101-000000-utc.log", record("before"));
    fs::rename(rig.directory.path(), away);
    CHECK(rig.read().empty());
    fs::rename(away, rig.directory.path());
    CHECK(rig.read_twice().empty());
    rig.write(old_runner, record("after"));
    CHECK(rig.read_twice() == Texts{"after"});
}

TEST_CASE("trace files: other files beside them are nobody's business") {
    TraceRig rig;
    CHECK(rig.read().empty());
    for (const auto* name : {"Worker_20260102-040000-utc.log.bak",
                             "Worker_2026010-0400000-utc.log",
                             "Worker_20260102_040000-utc.log",
                             "Worker_20260102-04000x-utc.log",
                             "Worker_20261302-040000-utc.log",
                             "worker_20260102-040000-utc.log",
                             "SelfUpdate-20260102-040000.log",
                             "Worker_-utc.log",
                             "blocks"}) {
        rig.write(name, record("other"));
    }
    CHECK(rig.read_twice().empty());
    CHECK(rig.positions->files.empty());
}

TEST_CASE("trace files: names from the future, which a job can write, hide no trace") {
    TraceRig rig{{.newest = 1}};
    CHECK(rig.read().empty());
    for (const auto* year : {"2027", "2099", "9998", "9999"}) {
        rig.write("Worker_" + std::string{year} + "0102-040000-utc.log", record("forged"));
    }
    rig.write(trace_name(0), record("one"));
    CHECK(rig.read_twice() == Texts{"one"});
    rig.write(trace_name(0), record("two"));
    CHECK(rig.read_twice() == Texts{"two"});
    rig.write(trace_name(60), record("three"));
    CHECK(rig.read_twice() == Texts{"three"});
}

TEST_CASE("trace files: of a thousand each is read once, and then most are forgotten") {
    TraceRig rig;
    CHECK(rig.read().empty());
    for (int file = 0; file < 1'000; ++file) {
        rig.write(trace_name(file), record(std::to_string(file)));
    }
    Texts expected;
    for (int file = 0; file < 1'000; ++file) {
        expected.push_back(std::to_string(file));
    }
    CHECK(rig.read_twice() == expected);
    CHECK(rig.positions->files.size() == 32);
    CHECK(rig.read_twice().empty());
    rig.restart();
    CHECK(rig.read_twice().empty());
    rig.now += 8 * 24h;
    CHECK(rig.read_twice().empty());
    CHECK(rig.positions->files.size() == 3);  // those that may still grow
}

TEST_CASE("trace files: files that come while it does not read are read from their beginning") {
    TraceRig rig;
    rig.write(old_runner, record("before"));
    CHECK(rig.read_twice().empty());
    rig.write(old_runner, record("meanwhile"));
    for (int file = 0; file < 10; ++file) {
        rig.write(trace_name(file), record(std::to_string(file)));
    }
    rig.restart();
    CHECK(rig.read_twice().size() == 11);
}

TEST_CASE("trace files: files that nobody can read, which a job can make, are as few") {
    TraceRig rig;
    CHECK(rig.read().empty());
    for (int file = 0; file < 100; ++file) {
        fs::create_directory(rig.diag / trace_name(file));
    }
    rig.write(trace_name(100), record("good"));
    CHECK(rig.read_twice() == Texts{"good"});
    CHECK(rig.positions->files.size() == 32);
}

TEST_CASE("trace files: a listener's trace is followed however many newer ones programs begin") {
    TraceRig rig;
    rig.write(old_runner, record("before"));
    CHECK(rig.read_twice().empty());
    for (int start = 0; start < 20; ++start) {
        rig.write(trace_name(start, "Runner_"), "");
        CHECK(rig.read_twice().empty());
        rig.now += 1h;
    }
    rig.restart();
    CHECK(rig.read_twice().empty());
    rig.write(old_runner, record("after"));
    CHECK(rig.read_twice() == Texts{"after"});
}

TEST_CASE("trace files: at the first start, too") {
    TraceRig rig;
    rig.write(old_runner, record("before"));
    for (int day = 2; day < 6; ++day) {
        rig.write("Runner_2026010" + std::to_string(day) + "-000000-utc.log", record("before"));
    }
    rig.now += 10 * 24h;
    rig.began = rig.now;
    CHECK(rig.read_twice().empty());
    rig.write(old_runner, record("after"));
    CHECK(rig.read_twice() == Texts{"after"});
}

TEST_CASE("trace files: of too many those go first that were not written to for longest") {
    TraceRig rig{{.newest = 1, .followed = 4}};
    rig.write(old_runner, record("before"));
    CHECK(rig.read_twice().empty());
    for (int start = 0; start < 20; ++start) {
        rig.now += 1min;
        rig.write(trace_name(start, "Runner_"), record("version"));
        rig.write(old_runner, record("poll"));
        const auto texts = rig.read_twice();
        CHECK(std::ranges::count(texts, "poll") == 1);
        CHECK(texts.size() == 2);
        CHECK(rig.positions->files.size() <= 4);
    }
}

TEST_CASE("trace files: what is quiet for long is done with, but for the newest") {
    TraceRig rig{{.newest = 1}};
    CHECK(rig.read().empty());
    rig.write(trace_name(0), record("one"));
    rig.write(trace_name(1), record("two"));
    CHECK(rig.read_twice().size() == 2);
    rig.now += 6 * 24h;
    CHECK(rig.read_twice().empty());
    CHECK(rig.positions->files.size() == 2);
    rig.now += 2 * 24h;
    CHECK(rig.read_twice().empty());
    CHECK(rig.positions->files.size() == 1);
    CHECK(rig.positions->done_to == "20260102-040000");
}

TEST_CASE("trace files: a clock that is set back hides no new trace and repeats none") {
    TraceRig rig{{.newest = 1, .followed = 2}};
    CHECK(rig.read().empty());
    rig.now += 2h;
    for (int job = 0; job < 5; ++job) {
        rig.write(trace_name(2 * 3600 + job), record("fast"));
    }
    CHECK(rig.read_twice().size() == 5);
    rig.now -= 2h;
    rig.write(trace_name(3590), record("slow"));
    CHECK(rig.read_twice() == Texts{"slow"});
    rig.now += 1min;
    rig.write(trace_name(3650), record("later"));
    CHECK(rig.read_twice() == Texts{"later"});
    rig.restart({.newest = 1, .followed = 2});
    for (int quarter = 0; quarter < 12; ++quarter) {
        rig.now += 15min;
        CHECK(rig.read_twice().empty());
    }
    CHECK(rig.positions->files.size() == 2);
}

TEST_CASE("trace files: nor does it where all that was there before is gone") {
    TraceRig rig{{.newest = 1, .followed = 1}};
    CHECK(rig.read().empty());
    rig.now += 2h;
    rig.write(trace_name(2 * 3600), record("fast"));
    rig.write(trace_name(2 * 3600 + 1), record("fast"));
    CHECK(rig.read_twice().size() == 2);
    fs::remove(rig.diag / trace_name(2 * 3600));
    fs::remove(rig.diag / trace_name(2 * 3600 + 1));
    CHECK(rig.read_twice().empty());
    rig.now -= 2h;
    rig.write(trace_name(3590), record("slow"));
    CHECK(rig.read_twice() == Texts{"slow"});
}

TEST_CASE("trace files: one that is followed is so under a name far ahead, and not begun anew") {
    TraceRig rig;
    rig.now += 3h;
    CHECK(rig.read().empty());
    rig.write(trace_name(3 * 3600, "Runner_"), record("fast"));
    CHECK(rig.read_twice() == Texts{"fast"});
    rig.now -= 3h;
    CHECK(rig.read_twice().empty());
    rig.write(trace_name(3 * 3600, "Runner_"), record("back"));
    CHECK(rig.read_twice() == Texts{"back"});
    rig.write("Runner_20260103-040000-utc.log", record("forged"));
    CHECK(rig.read_twice().empty());
    rig.now += 24h;
    CHECK(rig.read_twice() == Texts{"forged"});
}

TEST_CASE("trace files: names somewhat ahead make no other trace one of the old") {
    TraceRig rig{{.newest = 1}};
    CHECK(rig.read().empty());
    for (int minute = 1; minute < 4; ++minute) {
        rig.write(trace_name(3600 + minute * 60), record("ahead"));
    }
    CHECK(rig.read_twice().size() == 3);
    rig.write(trace_name(3599), record("one"));
    CHECK(rig.read().empty());
    rig.write(trace_name(3599), "  more\n");
    CHECK(rig.read_twice() == Texts{"one\n  more"});
}

TEST_CASE("trace files: of names ahead no more are begun than have room") {
    TraceRig rig;
    CHECK(rig.read().empty());
    for (int second = 1; second < 1'000; ++second) {
        rig.write(trace_name(3600 + second), record("forged"));
    }
    rig.write(trace_name(0), record("good"));
    CHECK(std::ranges::count(rig.read_twice(), "good") == 1);
    for (int look = 0; look < 20; ++look) {
        rig.read();
    }
    CHECK(rig.positions->files.size() == 32);
}
