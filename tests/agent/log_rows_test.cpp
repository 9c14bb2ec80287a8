#include "agent/log_rows.h"

#include "agent/log_ledger.h"
#include "tests/agent/kept.h"

#include <filesystem>
#include <future>

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;
using namespace paws::agent::kept;
namespace fs = std::filesystem;

namespace {

forwarder::Progress some_progress() {
    forwarder::Progress progress;
    auto& position = progress.position;
    position.cursor = "s=a;i=12";
    position.read = noon - 1ns;
    position.began = noon - 5h;
    position.open_keys = {{"a/1", {.lines_left = 3}}, {"b/", {.lines_left = 4'000'000'000}}};
    position.traces["acme.one"] = {
        .done_to = "20260102-030405",
        .files = {{"Runner_20260102-030405-utc.log",
                   {.inode = 0xFFFF'FFFF'FFFF'FFFF, .offset = 1ULL << 40U}},
                  {"Worker_20260102-030406-utc.log", {.inode = 7, .offset = 0}}}};
    position.traces["acme.two"] = {.done_to = "", .files = {}};
    auto& counts = progress.counts;
    std::uint64_t number = 0;
    for (const auto source : log_sources) {
        counts.read[source] = ++number;
    }
    for (const auto loss : log_losses) {
        counts.lost[loss] = ++number;
    }
    counts.redactions = {{"github_token", ++number}, {"own", ++number}};
    counts.sent = ++number;
    counts.sent_bytes = ++number;
    counts.quarantined = ++number;
    counts.gaps = ++number;
    return progress;
}

QuarantinedLine line(int number) {
    return {.at = noon + std::chrono::seconds{number},
            .labels = R"({host="h"})",
            .line = "line " + std::to_string(number),
            .reason = "because"};
}

struct Database {
    Place place;
    StoreFile file = opened(place.path);

    void save(const forwarder::Progress& progress, std::vector<QuarantinedLine> lines = {}) {
        const auto saved = file.save_logs({.progress = progress, .quarantined = std::move(lines)});
        REQUIRE_MESSAGE(saved, (saved ? "" : saved.error().what));
    }
    forwarder::Ledger::Kept load() const {
        auto kept = opened(place.path).load_logs();
        REQUIRE(kept);
        return std::move(*kept);
    }
    void change(const char* sql) const {
        SQLite::Database{place.path, SQLite::OPEN_READWRITE}.exec(sql);
    }
};

}  // namespace

TEST_CASE("log rows: the place, the counts and what is open come back as they were") {
    Database database;
    CHECK_FALSE(database.load().progress);
    database.save(some_progress());
    CHECK(database.load().progress == some_progress());
    database.save({});  // nothing of before is left over
    auto empty = database.load().progress;
    REQUIRE(empty);
    CHECK(empty->position == forwarder::Position{});
    CHECK(empty->counts.sent == 0);
}

TEST_CASE("log rows: what goes is gone, and a later count replaces an earlier") {
    Database database;
    auto progress = some_progress();
    database.save(progress);
    progress.position.open_keys.erase("a/1");
    progress.position.traces.erase("acme.two");
    progress.position.traces["acme.one"].files.erase("Worker_20260102-030406-utc.log");
    progress.position.cursor = "s=a;i=13";
    progress.counts.sent += 5;
    database.save(progress);
    CHECK(database.load().progress == progress);
}

TEST_CASE("log rows: places of runners that did not change are not written again") {
    Database database;
    auto progress = some_progress();
    database.save(progress);
    for (const auto* what : {"DELETE", "INSERT"}) {
        const auto row = std::string{what} == "DELETE" ? "old" : "new";
        database.change(("CREATE TRIGGER no_" + std::string{what} + " BEFORE " + what +
                         " ON log_traces WHEN " + row +
                         ".runner = 'acme.one' BEGIN SELECT RAISE(ABORT, 'again'); END")
                            .c_str());
    }
    progress.position.traces.at("acme.two").files["Worker_20260102-030407-utc.log"] = {.inode = 9};
    progress.position.traces["acme.three"] = {.done_to = "20260102-030405", .files = {}};
    database.save(progress);
    CHECK(database.load().progress == progress);
    progress.position.traces.erase("acme.two");
    database.save(progress);
    CHECK(database.load().progress == progress);
}

TEST_CASE("log rows: counters of another version are passed over") {
    Database database;
    database.save(some_progress());
    database.change(
        "INSERT INTO log_counters VALUES('lost', 'eaten', 5), ('read', 'kmsg', 6), "
        "('later', '', 7)");
    CHECK(database.load().progress == some_progress());
}

TEST_CASE("log rows: of lines in quarantine the last thousand are kept, the last few are loaded") {
    Database database;
    for (int round = 0; round < 3; ++round) {
        std::vector<QuarantinedLine> lines;
        for (int i = 0; i < 600; ++i) {
            lines.push_back(line(round * 600 + i));
        }
        database.save(some_progress(), std::move(lines));
    }
    SQLite::Database reader{database.place.path, SQLite::OPEN_READONLY};
    CHECK(reader.execAndGet("SELECT count(*) FROM log_quarantine").getInt() == 1'000);
    CHECK(reader
              .execAndGet("SELECT min(line) FROM log_quarantine WHERE id = "
                          "(SELECT min(id) FROM log_quarantine)")
              .getString() == "line 800");
    const auto shown = load_quarantined(reader, 2);
    REQUIRE(shown.size() == 2);
    CHECK(shown[0].line == "line 1798");
    CHECK(shown[1].line == "line 1799");
    CHECK(shown[1].at == line(1799).at);
    CHECK(shown[1].labels == line(0).labels);
    CHECK(shown[1].reason == "because");
    CHECK(database.load().quarantined.back().line == "line 1799");
}

TEST_CASE("log rows: with the place come the jobs that ended after it") {
    Database database;
    write(database.file,
          {.origin = {},
           .tallies = {},
           .jobs = {ended("before", noon - 2h), ended("after", noon + 1min)}});
    auto progress = some_progress();
    progress.position.read = noon;
    database.save(progress);
    const auto jobs = database.load().jobs;
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].record.job.name == "after");
}

TEST_CASE("store: a file of the second schema is brought up to date for logs") {
    const Place place;
    {
        auto file = opened(place.path);
        write(file, {.origin = "o", .tallies = {{"acme.one", tally(3)}}, .jobs = {}});
    }
    {
        SQLite::Database database{place.path, SQLite::OPEN_READWRITE};
        drop_log_tables(database);
        database.exec("PRAGMA user_version=2");
    }
    auto file = opened(place.path);
    CHECK_FALSE(file.is_new());
    CHECK(file.load()->tallies.size() == 1);
    CHECK_FALSE(file.load_logs()->progress);
    REQUIRE(file.save_logs({.progress = some_progress(), .quarantined = {}}));
    CHECK(file.load_logs()->progress == some_progress());
}

TEST_CASE("store: logs go to a new file when theirs was removed, and counters hear of it") {
    const Place place;
    Archive archive{place.path, {}};
    REQUIRE(archive.load(noon));
    const Changes changes{.origin = "o", .tallies = {{"acme.one", tally(1)}}, .jobs = {}};
    REQUIRE(archive.save(changes, noon));
    REQUIRE(archive.save_logs({.progress = some_progress(), .quarantined = {line(1)}}, noon));
    fs::remove(place.path);
    REQUIRE(archive.save_logs({.progress = some_progress(), .quarantined = {}}, noon));
    CHECK(archive.load_logs(noon)->progress == some_progress());
    CHECK(archive.save(changes, noon).error().code == Errc::absent);
    REQUIRE(archive.save(changes, noon));
    CHECK(opened(place.path).load()->tallies.size() == 1);
    CHECK(opened(place.path).load_logs()->progress == some_progress());
}

TEST_CASE("store: who was refused the place in the logs writes none, whatever file is put back") {
    const Place place;
    const auto copy = place.path + ".before";
    REQUIRE(opened(place.path).save_logs({.progress = some_progress(), .quarantined = {}}));
    fs::copy_file(place.path, copy);
    SQLite::Database{place.path, SQLite::OPEN_READWRITE}.exec("PRAGMA user_version=99");
    Archive archive{place.path, {}};
    CHECK(archive.load_logs(noon).error().code == Errc::unavailable);
    fs::rename(copy, place.path);
    LogSave from_now{.progress = some_progress(), .quarantined = {line(1)}};
    from_now.progress.position.cursor = "s=b;i=1";
    CHECK(archive.save_logs(from_now, noon).error().code == Errc::unavailable);
    CHECK(opened(place.path).load_logs()->progress == some_progress());
    CHECK(opened(place.path).load_logs()->quarantined.empty());
    fs::remove(place.path);
    CHECK_FALSE(archive.save_logs(from_now, noon));
    CHECK_FALSE(fs::exists(place.path));
}

TEST_CASE("log ledger: keeps and loads on the store's thread, and says when that is no more") {
    const Place place;
    Store store{place.path};
    LogLedger ledger{store, [] { return Now{.wall = noon, .boot = {}}; }};
    std::promise<Result<void>> kept;
    ledger.commit(some_progress(), {line(1)}, [&](Result<void> result) {
        kept.set_value(std::move(result));
    });
    CHECK(kept.get_future().get());
    std::promise<Result<forwarder::Ledger::Kept>> loaded;
    ledger.load(
        [&](Result<forwarder::Ledger::Kept> result) { loaded.set_value(std::move(result)); });
    const auto found = loaded.get_future().get();
    REQUIRE(found);
    CHECK(found->progress == some_progress());
    CHECK(found->quarantined.size() == 1);
    REQUIRE(store.end(20s));
    Errc code{};
    ledger.commit({}, {}, [&](const Result<void>& result) { code = result.error().code; });
    CHECK(code == Errc::timeout);
}
