#include "agent/store.h"

#include "agent/counter_rows.h"
#include "tests/agent/kept.h"

#include <algorithm>
#include <fstream>
#include <future>

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

using namespace paws;
using namespace paws::agent;
using namespace paws::agent::kept;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::size_t count(StoreFile& file) {
    const auto jobs = file.jobs({.limit = 1000});
    return jobs ? jobs.value().size() : 0;
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

TEST_CASE("store: to be opened and read it writes nothing, so that a full disk refuses neither") {
    const Place place;
    auto first = opened(place.path);
    SQLite::Database other{place.path, SQLite::OPEN_READWRITE};
    other.exec("BEGIN IMMEDIATE");  // what would be written now is refused
    auto again = StoreFile::open(place.path, {});
    REQUIRE(again);
    CHECK(again->load());
    CHECK(again->load_logs());
}

TEST_CASE("store: whose job it was may be learned after its end, and then stays") {
    const Place place;
    auto file = opened(place.path);
    auto job = ended("build", noon);
    write(file, {.origin = {}, .tallies = {}, .jobs = {job}});
    job.record.job.identity = some_run;
    write(file, {.origin = {}, .tallies = {}, .jobs = {job}});
    auto other = job;
    other.record.job.identity->run_id = 43;
    write(file, {.origin = {}, .tallies = {}, .jobs = {other}});
    const auto kept = file.jobs({.limit = 10});
    REQUIRE(kept);
    REQUIRE(kept->size() == 1);
    CHECK(kept->front().record.job.identity == job.record.job.identity);
    CHECK(kept->front().record.usage.cpu_seconds == 42.5);
}

TEST_CASE("store: how long a job waited may be learned last, and takes nothing else away") {
    const Place place;
    auto file = opened(place.path);
    auto job = ended("build", noon);
    job.record.job.identity = some_run;
    write(file, {.origin = {}, .tallies = {}, .jobs = {job}});
    auto waited = ended("build", noon);
    waited.record.usage.queue_seconds = 12.5;
    write(file, {.origin = {}, .tallies = {}, .jobs = {waited}});
    const auto kept = file.jobs({.limit = 10});
    REQUIRE(kept);
    REQUIRE(kept->size() == 1);
    CHECK(kept->front().record.job.identity == job.record.job.identity);
    CHECK(kept->front().record.usage.queue_seconds == 12.5);
}

TEST_CASE("store: a file of the first schema is brought up to date with what it holds") {
    const Place place;
    {
        auto file = opened(place.path);
        write(file, {.origin = {}, .tallies = {}, .jobs = {ended("old", noon)}});
    }
    {
        SQLite::Database database{place.path, SQLite::OPEN_READWRITE};
        database.exec("ALTER TABLE jobs DROP COLUMN queue_seconds");
        database.exec("DROP TABLE meters");
        drop_log_tables(database);
        database.exec("PRAGMA user_version=1");
    }
    auto file = opened(place.path);
    auto job = ended("new", noon + 1min);
    job.record.usage.queue_seconds = 3;
    write(file, {.origin = {}, .tallies = {}, .jobs = {job}});
    const auto kept = file.jobs({.limit = 10});
    REQUIRE(kept);
    REQUIRE(kept->size() == 2);
    CHECK(kept->front().record.usage.queue_seconds == 3.0);
    CHECK(kept->back().record.job.name == "old");
    CHECK_FALSE(kept->back().record.usage.queue_seconds);
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

TEST_CASE("store: of the damaged files the newest three stay") {
    const Place place;
    for (int day = 0; day < 5; ++day) {
        std::ofstream{place.path, std::ios::binary} << std::string(8192, 'x');
        CHECK(Archive{place.path, {}}.load(noon + day * 24h));
    }
    std::vector<std::string> kept;
    for (const auto& entry : fs::directory_iterator{place.directory.path()}) {
        if (entry.path().filename().string().find(".corrupt-") != std::string::npos) {
            kept.push_back(entry.path().filename().string());
        }
    }
    std::ranges::sort(kept);
    CHECK(kept == std::vector<std::string>{"paws.db.corrupt-20260303T120000Z",
                                           "paws.db.corrupt-20260304T120000Z",
                                           "paws.db.corrupt-20260305T120000Z"});
}

TEST_CASE("store: where no file can be made, saving fails and nothing is begun anew") {
    const Place place;
    Archive archive{place.directory.path() / "later/paws.db", {}};
    CHECK(archive.load(noon).error().code == Errc::absent);
    const Changes changes{.origin = "o", .tallies = {{"acme.one", tally(1)}}, .jobs = {}};
    CHECK(archive.save(changes, noon).error().code == Errc::io);
    fs::create_directory(place.directory.path() / "later");
    CHECK(archive.save(changes, noon).error().code == Errc::absent);
    CHECK(archive.save(changes, noon));
}

TEST_CASE("store: a file that was removed is begun anew, and whoever saves hears of it") {
    const Place place;
    Archive archive{place.path, {}};
    REQUIRE(archive.load(noon));
    const Changes changes{.origin = "o", .tallies = {{"acme.one", tally(1)}}, .jobs = {}};
    REQUIRE(archive.save(changes, noon));
    fs::remove(place.path);
    CHECK(archive.save(changes, noon).error().code == Errc::absent);
    REQUIRE(archive.save(changes, noon));
    CHECK(archive.load(noon)->tallies.size() == 1);
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
