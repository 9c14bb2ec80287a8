#include "agent/history.h"

#include "platform/unique_fd.h"
#include "tests/agent/fakes.h"
#include "tests/agent/kept.h"

#include <cstdlib>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

using namespace paws;
using namespace paws::agent;
using namespace paws::agent::kept;
namespace fs = std::filesystem;

namespace {

// A history whose loop runs here, and snapshots for it.
struct Keeping {
    boost::asio::io_context loop;
    Snapshot snapshot;
    std::vector<std::string> warnings;
    int known = 0;
    std::chrono::nanoseconds ahead{};  // of the clock
    std::unique_ptr<History> history;

    explicit Keeping(const std::string& path, std::chrono::milliseconds patience = 20s) {
        history = std::make_unique<History>(
            loop,
            [this] {
                auto now = platform::now();
                now.boot += ahead;
                return now;
            },
            path,
            History::House{.known = [this] { ++known; },
                           .warn = [this](const std::string& what) { warnings.push_back(what); }});
        history->open(patience);
        snapshot.facts.journal_origin = "origin";
    }
    ~Keeping() { history->end(20s); }
    Keeping(const Keeping&) = delete;
    Keeping& operator=(const Keeping&) = delete;
    Keeping(Keeping&&) = delete;
    Keeping& operator=(Keeping&&) = delete;

    void tick(std::int64_t count) {
        const auto succeeded = static_cast<std::uint64_t>(count);
        Runner runner{.name = "acme.one", .unit = unit, .root = ""};
        RunnerLog log;
        log.counters = some_counters(succeeded);
        log.counted_to = "cursor " + std::to_string(succeeded);
        runner.log.value = log;
        RunnerJudgement judged{.name = "acme.one"};
        for (std::uint64_t job = succeeded < 3 ? 0 : succeeded - 3; job < succeeded; ++job) {
            judged.finished.push_back(
                ended("job " + std::to_string(job), noon + static_cast<int>(job) * 1min).record);
        }
        snapshot.facts.runners = {runner};
        snapshot.judged.runners = {judged};
        history->note(snapshot);
    }
    bool works() const { return history->report().success; }
    // What whoever asked is told when the loop has run; nothing as long as it waits.
    std::optional<Result<void>> ask(const WishesByRunner& wishes) {
        auto said = std::make_shared<std::optional<Result<void>>>();
        history->set_wishes(wishes);
        history->when_wishes_are_kept([said](const Result<void>& kept) { said->emplace(kept); });
        until([said] { return said->has_value(); });
        return *said;
    }
    bool until(const std::function<bool()>& done) { return fakes::run_until(loop, done); }
};

Wish a_wish() {
    Wish wish;
    wish.asked = noon;
    return wish;
}

bool run(const std::string& command) {
    return std::system(command.c_str()) == 0;  // NOLINT(concurrency-mt-unsafe, cert-env33-c)
}

// As after a fault of the device: ext4 answers everything with EIO (linux/fs/ext4/ext4.h).
bool fail_all_io(const std::string& mount) {
    constexpr unsigned long shut_down = _IOR('X', 125, std::uint32_t);
    std::uint32_t after_flushing = 0;
    const platform::UniqueFd top{::open(mount.c_str(), O_RDONLY | O_CLOEXEC)};
    return ::ioctl(top.get(), shut_down, &after_flushing) == 0;
}

std::int64_t saved(const std::string& path) {
    return number_in(path, "SELECT value FROM counters WHERE counter='jobs' AND label='succeeded'");
}

std::int64_t wishes_in(const std::string& path) {
    return number_in(path, "SELECT count(*) FROM wishes");
}

std::int64_t jobs_in(const std::string& path) {
    return number_in(path, "SELECT count(*) FROM jobs");
}

}  // namespace

TEST_CASE(
    "history: what ticks found is saved, at most once a second, and goes on in the next run") {
    const Place place;
    {
        Keeping first{place.path};
        REQUIRE(first.history->tallies());
        CHECK_FALSE(first.history->tallies()->origin);
        for (std::int64_t tick = 1; tick <= 20; ++tick) {
            first.tick(tick);
        }
        CHECK(first.until([&] { return saved(place.path) == 20; }));
        CHECK(first.works());
        first.tick(21);  // and what is left at the end
    }
    Keeping next{place.path};
    const auto tallies = next.history->tallies().value();
    CHECK(tallies.origin == "origin");
    CHECK(tallies.by_unit.at(unit).counters.jobs.at(JobResult::succeeded) == 21);
    CHECK(tallies.by_unit.at(unit).counted_to == "cursor 21");
    CHECK(jobs_in(place.path) == 21);
}

TEST_CASE("history: nothing is known and nothing saved while the database is locked") {
    const Place place;
    {
        Keeping first{place.path};
        first.tick(5);
    }
    auto other = std::make_unique<SQLite::Database>(place.path, SQLite::OPEN_READWRITE);
    other->exec("PRAGMA locking_mode=EXCLUSIVE");
    other->exec("BEGIN EXCLUSIVE");
    Keeping next{place.path, 10ms};
    CHECK_FALSE(next.history->tallies());
    CHECK_FALSE(next.works());
    next.snapshot.facts.journal_origin = "a later one";
    next.tick(1);  // counted from nothing
    REQUIRE(next.until(
        [&] { return next.history->report().error.find("locked") != std::string::npos; }));
    CHECK(next.known == 0);
    other->exec("ROLLBACK");
    other.reset();
    REQUIRE(next.until([&] { return next.known == 1; }));
    CHECK(next.works());
    const auto tallies = next.history->tallies().value();
    CHECK(tallies.origin == "origin");
    CHECK(tallies.by_unit.at(unit).counters.jobs.at(JobResult::succeeded) == 5);
}

TEST_CASE(
    "history: who asks for a wish hears once it is on the disk, however much was saved before") {
    const Place place;
    Keeping kept{place.path};
    kept.tick(5);  // saved at once, so that the next counters wait for their second
    for (std::int64_t count = 1; count <= 5; ++count) {
        WishesByRunner wishes;
        for (std::int64_t each = 0; each < count; ++each) {
            wishes.emplace("acme." + std::to_string(each), a_wish());
        }
        const auto said = kept.ask(wishes);
        REQUIRE(said);
        CHECK(*said);
        CHECK(wishes_in(place.path) == count);  // at that moment, not a second later
    }
}

TEST_CASE("history: who asks for a wish that cannot be kept hears why") {
    const Place place;
    const auto below = place.directory.path() / "later";
    Keeping kept{below / "paws.db"};
    const WishesByRunner wishes{{"acme.one", a_wish()}};
    const auto said = kept.ask(wishes);
    REQUIRE(said);
    REQUIRE_FALSE(*said);
    CHECK_FALSE(said->error().what.empty());
    fs::create_directory(below);
    CHECK(kept.until([&] { return wishes_in(below / "paws.db") == 1; }));  // but not forgotten
}

TEST_CASE("history: whose job it was is kept too when it is learned after the job was saved") {
    const Place place;
    Keeping kept{place.path};
    kept.tick(1);
    REQUIRE(kept.until([&] { return jobs_in(place.path) == 1; }));
    auto& job = kept.snapshot.judged.runners[0].finished[0].job;
    job.identity = some_run;
    kept.history->note(kept.snapshot);
    CHECK(kept.until(
        [&] { return number_in(place.path, "SELECT count(*) FROM jobs WHERE run_id = 42") == 1; }));
    kept.snapshot.judged.runners[0].finished[0].usage.queue_seconds = 12.5;
    kept.history->note(kept.snapshot);
    CHECK(kept.until([&] {
        return number_in(place.path, "SELECT count(*) FROM jobs WHERE queue_seconds = 12.5") == 1;
    }));
    CHECK(jobs_in(place.path) == 1);
}

TEST_CASE("history: what a running job took is kept when it begins, each minute, and at the end") {
    const Place place;
    const auto kept_is = [&](const char* what) {
        return number_in(place.path,
                         (std::string{"SELECT count(*) FROM meters WHERE "} + what).c_str());
    };
    {
        Keeping kept{place.path};
        auto& meter = kept.snapshot.judged.memories.jobs["acme.one"];
        meter.last = {.at = noon, .cgroup = 7, .cpu_seconds = 100};
        meter.running = MeasuredJob{
            .first_line = noon, .name = "build", .whole = true, .usage = {.cpu_seconds = 1}};
        kept.tick(1);
        REQUIRE(kept.until([&] { return kept_is("cpu_seconds = 1") == 1; }));
        meter.running->name = "deploy";  // within the minute, and at once
        kept.ahead = 2s;
        kept.tick(2);
        REQUIRE(kept.until([&] { return kept_is("name = 'deploy'") == 1; }));
        meter.running->usage.cpu_seconds = 1.5;
        kept.ahead = 40s;  // and what the machine takes for it
        kept.tick(3);
        REQUIRE(kept.until([&] { return saved(place.path) == 3; }));
        CHECK(kept_is("cpu_seconds = 1") == 1);
        kept.ahead = 63s;
        kept.tick(3);
        CHECK(kept.until([&] { return kept_is("cpu_seconds = 1.5") == 1; }));
        meter.running->usage.cpu_seconds = 2.5;
        meter.last.cpu_seconds = 101;
        kept.tick(3);
        CHECK(kept_is("cpu_seconds = 2.5") == 0);
    }
    Keeping again{place.path};
    const auto& meters = again.history->meters();
    REQUIRE(meters.size() == 1);
    const auto& meter = meters.at("acme.one");
    CHECK(meter.resumed);
    CHECK(meter.last.at == noon);
    CHECK(meter.last.cgroup == 7);
    CHECK(meter.last.cpu_seconds == 101.0);
    CHECK_FALSE(meter.last.oom_kills);
    CHECK(meter.running->first_line == noon);
    CHECK(meter.running->name == "deploy");
    CHECK(meter.running->whole);
    CHECK(meter.running->usage.cpu_seconds == 2.5);

    again.tick(3);  // nothing runs any more
    CHECK(again.until([&] { return number_in(place.path, "SELECT count(*) FROM meters") == 0; }));
}

TEST_CASE("history: a removed database is begun anew with every counter") {
    const Place place;
    Keeping kept{place.path};
    kept.tick(5);
    REQUIRE(kept.until([&] { return saved(place.path) == 5; }));
    fs::remove(place.path);
    fs::remove(place.path + "-wal");
    fs::remove(place.path + "-shm");
    kept.history->set_wishes({});  // something to save, and no counter that changed
    REQUIRE(kept.until([&] {
        kept.tick(5);
        return saved(place.path) == 5 && jobs_in(place.path) == 3;
    }));
    CHECK_FALSE(kept.warnings.empty());
    CHECK(kept.until([&] { return kept.works(); }));
}

TEST_CASE("history: a database of a newer agent is not touched, and the run goes on without") {
    const Place place;
    opened(place.path);
    SQLite::Database{place.path, SQLite::OPEN_READWRITE}.exec("PRAGMA user_version=99");
    const auto before = bytes_of(place.path);
    {
        Keeping kept{place.path};
        REQUIRE(kept.history->tallies());
        CHECK(kept.history->report().error.find("newer paws-agent") != std::string::npos);
        kept.tick(5);
        CHECK_FALSE(kept.history->wait_for_jobs({}, 20s));
    }
    CHECK(bytes_of(place.path) == before);
}

TEST_CASE(
    "history: without a directory to write in counting begins, and is saved once there is one") {
    const Place place;
    const auto below = place.directory.path() / "later";
    const std::string path = below / "paws.db";
    Keeping kept{path};
    REQUIRE(kept.history->tallies());
    CHECK_FALSE(kept.works());
    kept.tick(2);
    fs::create_directory(below);
    CHECK(kept.until([&] {
        kept.tick(2);
        return saved(path) == 2;
    }));
    CHECK(kept.until([&] { return kept.works(); }));
}

TEST_SUITE("root") {
    TEST_CASE("history: a read-only file system is told, and written to once it can be") {
        const TemporaryDirectory directory;
        const auto mount = directory.path().string();
        REQUIRE(::mount("tmpfs", mount.c_str(), "tmpfs", MS_RDONLY, "size=2m") == 0);
        const std::string path = mount + "/paws.db";
        {
            Keeping kept{path};
            kept.tick(3);
            CHECK_FALSE(kept.works());
            CHECK(kept.history->report().error.find("Read-only file system") != std::string::npos);
            REQUIRE(::mount(nullptr, mount.c_str(), nullptr, MS_REMOUNT, "size=2m") == 0);
            CHECK(kept.until([&] {
                kept.tick(3);
                return kept.works() && saved(path) == 3;
            }));
        }
        ::umount2(mount.c_str(), MNT_DETACH);
    }

    TEST_CASE("history: a disk whose reads and writes fail loses no counter and no job" *
              doctest::skip(!fs::exists("/dev/loop-control"))) {
        const TemporaryDirectory directory;
        const auto mount = (directory.path() / "mount").string();
        const auto image = (directory.path() / "image").string();
        fs::create_directory(mount);
        REQUIRE(run("truncate -s 16M " + image + " && mke2fs -q -t ext4 " + image));
        const auto put_in = "mount -o loop " + image + " " + mount;
        REQUIRE(run(put_in));
        const std::string path = mount + "/paws.db";
        {
            Keeping kept{path};
            kept.tick(3);
            CHECK(kept.until([&] { return saved(path) == 3; }));
            REQUIRE(fail_all_io(mount));
            CHECK(kept.until([&] {
                kept.tick(6);
                return !kept.works();
            }));
            CHECK(kept.history->report().error.find("I/O error") != std::string::npos);
            ::umount2(mount.c_str(), MNT_DETACH);
            REQUIRE(run(put_in));
            CHECK(kept.until([&] {
                kept.tick(6);
                return kept.works() && saved(path) == 6;
            }));
            CHECK(kept.until([&] { return jobs_in(path) == 6; }));
        }
        ::umount2(mount.c_str(), MNT_DETACH);
    }

    TEST_CASE("history: a full disk loses no counter and no job") {
        const TemporaryDirectory directory;
        const auto mount = directory.path().string();
        REQUIRE(::mount("tmpfs", mount.c_str(), "tmpfs", 0, "size=2m") == 0);
        const std::string path = mount + "/paws.db";
        {
            Keeping kept{path};
            kept.tick(3);
            CHECK(kept.until([&] { return saved(path) == 3; }));
            {
                std::ofstream filler{mount + "/filler"};
                const std::string block(4096, 'x');
                while (filler.write(block.data(), 4096).flush()) {
                }
            }
            std::int64_t ticks = 3;
            CHECK(kept.until([&] {
                ticks += ticks < 600 ? 3 : 0;
                kept.tick(ticks);
                return !kept.works();
            }));
            CHECK(kept.history->report().error.find("full") != std::string::npos);
            fs::remove(mount + "/filler");
            CHECK(kept.until([&] {
                kept.tick(ticks);
                return kept.works() && saved(path) == ticks;
            }));
            CHECK(kept.until([&] { return jobs_in(path) == ticks; }));
        }
        ::umount2(mount.c_str(), MNT_DETACH);
    }
}
