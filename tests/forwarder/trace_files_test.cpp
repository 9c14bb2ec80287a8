#include "tests/forwarder/trace_rig.h"

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
    TraceRig rig{{.followed = 1}};
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

TEST_CASE("trace files: of a thousand each is read once, and then they are forgotten") {
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
    CHECK(rig.positions->files.size() == 3);  // those that may still grow
    CHECK(rig.read_twice().empty());
    rig.restart();
    CHECK(rig.read_twice().empty());
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
