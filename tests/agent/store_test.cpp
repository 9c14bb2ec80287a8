#include "agent/store.h"

#include "agent/counter_rows.h"
#include "agent/history.h"
#include "tests/agent/fakes.h"
#include "tests/support/temporary_directory.h"

#include <fstream>
#include <future>

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

using namespace paws;
using namespace paws::agent;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};
constexpr const char* unit = "actions.runner.acme.one.service";

RunnerCounters some_counters(std::uint64_t succeeded) {
    RunnerCounters counters;
    counters.jobs = {{JobResult::succeeded, succeeded}, {JobResult::lost, 1}};
    counters.lost = {{LostReason::worker_gone, 1}};
    counters.job_durations[0] = 2;
    counters.job_durations.back() = 3;
    counters.job_duration_sum_seconds = 1234.5;
    counters.connect_errors = 7;
    counters.listener_exits = {{"null", 4}, {"-2", 5}};
    return counters;
}

RunnerTally tally(std::uint64_t succeeded) {
    return {.unit = unit,
            .tally = {.counters = some_counters(succeeded),
                      .counted_to = "cursor " + std::to_string(succeeded),
                      .given_up = GivenUpJob{.first_line = noon - 1h, .name = "a"}}};
}

RunnerJob ended(const std::string& name, WallTime at, JobResult result = JobResult::succeeded) {
    RunnerJob ended{.runner = "acme.one", .record = {}};
    auto& [job, usage, verdict] = ended.record;
    verdict = {.blame = Blame::host, .because = "the disk it worked on was full"};
    job.name = name;
    job.started = at - 1min;
    job.first_line = job.started;
    job.finished = at;
    job.last_line = at;
    job.result = result;
    usage.cpu_seconds = 42.5;
    usage.disk_low_bytes = 1'000'000'000'000;
    return ended;
}

struct Place {
    TemporaryDirectory directory;
    std::string path = directory.path() / "paws.db";
};

StoreFile opened(const std::string& path, StoreBounds bounds = {}) {
    auto file = StoreFile::open(path, bounds);
    INFO((file ? "" : file.error().what));
    REQUIRE(file);
    return std::move(*file);
}

void write(StoreFile& file, const Changes& changes) {
    const auto saved = file.save(changes, noon);
    INFO((saved ? "" : saved.error().what));
    REQUIRE(saved);
}

std::size_t count(StoreFile& file) {
    const auto jobs = file.jobs({.limit = 1000});
    return jobs ? jobs.value().size() : 0;
}

std::string bytes_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("counter rows: counters come back as they were, and a row each") {
    const auto counters = some_counters(9);
    CHECK(counters_of(rows_of(counters)) == counters);
    CHECK(counters_of(rows_of({})) == RunnerCounters{});
    const auto odd = counters_of({{"jobs", "succeeded", -1},
                                  {"jobs", "of another version", 3},
                                  {"another", "", 3},
                                  {"job_durations", "61", 2},
                                  {"job_durations", "nonsense", 1}});
    CHECK(odd.jobs.empty());
    CHECK(odd.job_durations[3] == 2);  // a bound that is no more: the next above
    CHECK(odd.job_durations.back() == 1);
}

TEST_CASE("store: what is saved is there when it is opened again") {
    const Place place;
    Wish hold;
    hold.kind = WishKind::hold;
    hold.asked = noon;
    hold.until = noon + 30min;
    hold.note = "kernel update";
    hold.by = "ada";
    {
        auto file = opened(place.path);
        CHECK(file.is_new());
        write(file,
              {.origin = "origin",
               .tallies = {{"acme.one", tally(3)}},
               .jobs = {ended("a", noon)},
               .wishes = WishesByRunner{{"acme.one", hold}}});
        write(file, {.origin = {}, .tallies = {{"acme.one", tally(4)}}, .jobs = {}, .wishes = {}});
    }
    struct stat found {};
    REQUIRE(::stat(place.path.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777U) == 0640);
    auto file = opened(place.path);
    CHECK_FALSE(file.is_new());
    const auto kept = file.load().value();
    CHECK(kept.origin == "origin");
    CHECK(kept.tallies == RunnerTallies{{"acme.one", tally(4)}});
    REQUIRE(kept.wishes.size() == 1);
    CHECK(kept.wishes.at("acme.one").kind == WishKind::hold);
    CHECK(kept.wishes.at("acme.one").until == hold.until);
    CHECK(kept.wishes.at("acme.one").note == hold.note);
    const auto jobs = file.jobs({}).value();
    REQUIRE(jobs.size() == 1);
    const auto& [job, usage, verdict] = jobs[0].record;
    CHECK(verdict.blame == Blame::host);
    CHECK(verdict.because == "the disk it worked on was full");
    CHECK(job.name == "a");
    CHECK(job.started == noon - 1min);
    CHECK(job.finished == noon);
    CHECK(job.result == JobResult::succeeded);
    CHECK_FALSE(job.lost);
    CHECK_FALSE(job.identity);
    CHECK(*usage.cpu_seconds == 42.5);
    CHECK(usage.disk_low_bytes == 1'000'000'000'000);
    CHECK_FALSE(usage.oom_kills);
}

TEST_CASE("store: a job is written once, however often it is told") {
    const Place place;
    auto file = opened(place.path);
    auto again = ended("a", noon);
    again.record.usage = {};  // read from the journal after a restart: not measured
    for (int i = 0; i < 3; ++i) {
        write(file, {.origin = {}, .tallies = {}, .jobs = {i == 0 ? ended("a", noon) : again}});
    }
    CHECK(count(file) == 1);
    const auto jobs = file.jobs({}).value();
    CHECK(jobs.at(0).record.usage.cpu_seconds);
}

TEST_CASE("store: jobs are found by runner, result, time and number, newest first") {
    const Place place;
    auto file = opened(place.path);
    auto other = ended("other", noon - 1min, JobResult::lost);
    other.runner = "acme.two";
    other.record.job.lost = LostReason::worker_gone;
    other.record.job.identity = JobIdentity{"acme/widgets", "ci", "build", 1ULL << 40U, 2};
    write(file,
          {.origin = {},
           .tallies = {},
           .jobs = {ended("a", noon), ended("b", noon - 2h, JobResult::failed), other}});
    const auto names = [&](const JobQuery& query) {
        std::string all;
        const auto found = file.jobs(query).value();
        for (const auto& job : found) {
            all += job.record.job.name + " ";
        }
        return all;
    };
    CHECK(names({}) == "a other b ");
    CHECK(names({.runner = "acme.one"}) == "a b ");
    CHECK(names({.result = JobResult::failed}) == "b ");
    CHECK(names({.since = noon - 1h}) == "a other ");
    CHECK(names({.limit = 1}) == "a ");
    CHECK(names({.runner = "'; DROP TABLE jobs; --"}).empty());
    const auto lost = file.jobs({.runner = "acme.two"}).value().at(0).record.job;
    CHECK(lost.lost == LostReason::worker_gone);
    CHECK(lost.identity == other.record.job.identity);
}

TEST_CASE("store: old jobs go, a step at a time, and the oldest where it is too large") {
    const Place place;
    auto file = opened(place.path, {.bytes = 300'000});
    Changes changes;
    for (int i = 0; i < 2500; ++i) {
        const auto at = noon - 100 * 24h + i * 1min;
        changes.jobs.push_back(ended("old " + std::to_string(i), at));
    }
    changes.jobs.push_back(ended("young", noon));
    write(file, changes);
    REQUIRE(file.tidy(noon - 99 * 24h));  // nothing is too old; the size alone tells
    const auto left = file.jobs({.limit = 1000}).value();
    CHECK(left.front().record.job.name == "young");
    for (int i = 0; i < 5; ++i) {
        REQUIRE(file.tidy(noon));
    }
    CHECK(count(file) == 1);
    const auto grown = fs::file_size(place.path);
    SQLite::Database reader{place.path, SQLite::OPEN_READWRITE};
    reader.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    CHECK(fs::file_size(place.path) < 100'000);
    CHECK(fs::file_size(place.path) <= grown);
}

TEST_CASE("store: of runners that are gone the counters of the last few are kept") {
    const Place place;
    auto file = opened(place.path, {.runners = 3});
    for (int i = 0; i < 8; ++i) {
        Changes changes;
        changes.tallies["runner " + std::to_string(i)] = tally(1);
        REQUIRE(file.save(changes, noon + i * 1s));
    }
    REQUIRE(file.tidy(noon));
    const auto kept = file.load().value().tallies;
    CHECK(kept.size() == 3);
    CHECK(kept.contains("runner 7"));
    CHECK(kept.at("runner 7").tally.counters == some_counters(1));
}

TEST_CASE("store: a database of a newer agent or another program is refused and left as it is") {
    for (const auto* change : {"PRAGMA user_version=99", "PRAGMA application_id=1"}) {
        const Place place;
        {
            auto file = opened(place.path);
            write(file, {.origin = "o", .tallies = {}, .jobs = {}, .wishes = {}});
        }
        SQLite::Database{place.path, SQLite::OPEN_READWRITE}.exec(change);
        const auto before = bytes_of(place.path);
        const auto refused = StoreFile::open(place.path);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::unavailable);
        CHECK(bytes_of(place.path) == before);
    }
}

TEST_CASE("store: another process's lock is a timeout, and it goes on after it") {
    const Place place;
    auto file = opened(place.path);
    SQLite::Database other{place.path, SQLite::OPEN_READWRITE};
    other.exec("BEGIN IMMEDIATE");
    const Changes changes{.origin = "o", .tallies = {}, .jobs = {}, .wishes = {}};
    const auto saved = file.save(changes, noon);
    REQUIRE_FALSE(saved);
    CHECK(saved.error().code == Errc::timeout);
    other.exec("ROLLBACK");
    write(file, changes);
}

TEST_CASE("store: a damaged file is told from a good one, and set aside once") {
    const Place place;
    {
        auto file = opened(place.path);
        write(file, {.origin = "o", .tallies = {{"acme.one", tally(1)}}, .jobs = {}});
    }
    std::ofstream{place.path, std::ios::binary} << std::string(8192, 'x');
    CHECK(StoreFile::open(place.path).error().code == Errc::malformed);
    Archive archive{place.path, {}};
    CHECK(archive.load(noon)->tallies.empty());
    CHECK(archive.corruptions() == 1);
    CHECK(bytes_of(place.path + ".corrupt-20260301T120000Z") == std::string(8192, 'x'));
    CHECK(archive.load(noon)->tallies.empty());
    CHECK(archive.corruptions() == 1);
}

TEST_CASE("store: a file that was removed is begun anew, and whoever saves hears of it") {
    const Place place;
    Archive archive{place.path, {}};
    REQUIRE(archive.load(noon));
    const Changes changes{.origin = "o", .tallies = {{"acme.one", tally(1)}}, .jobs = {}};
    REQUIRE(archive.save(changes, noon));
    fs::remove(place.path);
    CHECK(archive.save(changes, noon).error().code == Errc::absent);
    CHECK(archive.save(changes, noon).error().code == Errc::absent);  // now it is there, and empty
    REQUIRE(archive.save(changes, noon));
    CHECK(archive.load(noon)->tallies.size() == 1);
}

namespace {

// A history whose loop runs here, and snapshots for it.
struct Keeping {
    boost::asio::io_context loop;
    Snapshot snapshot;
    std::vector<std::string> warnings;
    int known = 0;
    std::unique_ptr<History> history;

    explicit Keeping(const std::string& path, std::chrono::milliseconds patience = 20s) {
        history = std::make_unique<History>(
            loop,
            platform::now,
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
    bool until(const std::function<bool()>& done) { return fakes::run_until(loop, done); }
};

// Read as another process would, without making or changing the file.
std::int64_t number_in(const std::string& path, const char* question) {
    try {
        const SQLite::Database reader{path, SQLite::OPEN_READONLY, 2000};
        SQLite::Statement asked{reader, question};
        return asked.executeStep() ? asked.getColumn(0).getInt64() : 0;
    } catch (const SQLite::Exception&) {
        return -1;
    }
}

std::int64_t saved(const std::string& path) {
    return number_in(path, "SELECT value FROM counters WHERE counter='jobs' AND label='succeeded'");
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

TEST_CASE("store: what is asked is done in order, and at its end what was asked is done") {
    const Place place;
    std::vector<int> done;
    {
        Store store{place.path};
        for (int i = 0; i < 50; ++i) {
            CHECK(store.ask([&done, i](Archive&) { done.push_back(i); }));
        }
        CHECK(store.end(20s));
        CHECK_FALSE(store.ask([](Archive&) {}));
    }
    CHECK(done.size() == 50);
    CHECK(std::ranges::is_sorted(done));
}
