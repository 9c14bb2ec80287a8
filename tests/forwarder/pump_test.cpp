#include "forwarder/pump.h"

#include "tests/forwarder/fake_loki.h"
#include "tests/forwarder/journal_rig.h"
#include "tests/forwarder/trace_rig.h"
#include "tests/support/journal_damage.h"

#include <filesystem>
#include <random>
#include <set>

#include <boost/asio/detached.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

Now real_now() {
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    return {.wall = std::chrono::system_clock::now(), .boot = BootTime{since_boot}};
}

// Has what was committed last, over all runs.
class MemoryLedger final : public Ledger {
public:
    std::optional<Progress> kept;
    std::function<void(const Progress&)> watch = [](const Progress&) {};

    void load(std::function<void(Result<Kept>)> done) override { done(Kept{.progress = kept}); }
    void commit(Progress progress,
                std::vector<QuarantinedLine> quarantined,
                std::function<void(Result<void>)> done) override {
        static_cast<void>(quarantined);
        answer = [this, progress = std::move(progress), done = std::move(done)] {
            watch(progress);
            kept = progress;
            done({});
        };
        if (!is_slow) {
            answer();
        }
    }
    bool is_slow = false;  // then the test calls it
    std::function<void()> answer;
};

BatchBounds of_lines(std::size_t most) {
    return {.lines = most, .wait = 0ns};
}

// From a start of the agent to its end, or to a crash.
struct Run {
    boost::asio::io_context loop;
    JournalRig& rig;
    MemoryLedger& ledger;
    Intake intake{Streams{{}}, *Redactor::create()};
    JournalSource journal{
        intake, platform::JournalPlace{.directory = rig.directory.path()}, rig.filter};
    Board board{"http://loki"};
    Audience audience;
    Delivery delivery;
    Keeper keeper{loop, ledger, board};
    TraceSource traces{intake, platform::RootFs::open("/").value()};
    std::shared_ptr<int> owner = std::make_shared<int>();
    std::optional<Pump> pump;

    Run(JournalRig& from,
        FakeLoki& loki,
        MemoryLedger& kept_by,
        BatchBounds bounds,
        const Roster& roster = {})
        : rig{from},
          ledger{kept_by},
          delivery{loop,
                   loki,
                   intake.streams(),
                   board,
                   real_now,
                   {.shortest = 0ns, .longest = 0ns, .paused = 0ns}} {
        delivery.set_metadata(MetadataWish::structured);
        keeper.set_owner(owner);
        const auto progress = ledger.kept.value_or(Progress{});
        intake.resume(progress.counts, progress.position.open_keys);
        keeper.resume(progress);
        pump.emplace(loop,
                     PumpParts{.intake = intake,
                               .journal = journal,
                               .traces = &traces,
                               .delivery = delivery,
                               .keeper = keeper,
                               .board = board,
                               .audience = audience},
                     Pump::Options{.batch = bounds,
                                   .beginning = {.at = Beginning::At::oldest},
                                   .place = {.directory = rig.directory.path()}},
                     real_now);
        pump->set_roster(std::make_shared<const Roster>(roster));
        boost::asio::co_spawn(loop, pump->read(progress.position), boost::asio::detached);
        boost::asio::co_spawn(loop, pump->deliver(), boost::asio::detached);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { pump.reset(); }

    template <class Condition>
    bool until(const Condition& is_met, std::chrono::seconds within = 20s) {
        const auto deadline = std::chrono::steady_clock::now() + within;
        while (!is_met() && std::chrono::steady_clock::now() < deadline) {
            loop.run_one_for(100ms);
        }
        return is_met();
    }
    void steps(std::size_t count) {
        for (; count > 0; --count) {
            loop.run_one_for(1ms);
        }
    }
};

std::vector<std::string> stored_in(const FakeLoki& loki) {
    std::vector<std::string> lines;
    for (const auto& [labels, stream] : loki.stored) {
        for (const auto& line : stream) {
            lines.push_back(line.text);
        }
    }
    return lines;
}

}  // namespace

TEST_CASE("pump: lines go from the journal to Loki, and a place is kept once Loki has them") {
    JournalRig rig;
    rig.add_numbers(1, 50, "system.journal");
    FakeLoki loki;
    MemoryLedger ledger;
    ledger.watch = [&](const Progress& progress) {
        const auto lines = stored_in(loki);
        CHECK(progress.counts.sent == lines.size());
        CHECK(progress.counts.read.at(LogSource::journal) == lines.size());
        if (!lines.empty()) {
            CHECK(progress.position.read == eight + std::stoi(lines.back()) * 1s);
        }
    };
    Run run{rig, loki, ledger, of_lines(7)};
    const auto keeps = [&](std::uint64_t count) {
        return run.until([&] { return ledger.kept && ledger.kept->counts.sent == count; });
    };
    REQUIRE(keeps(50));
    CHECK(stored_in(loki) == numbers(1, 50));
    rig.add_numbers(51, 52, "system.journal");
    REQUIRE(keeps(52));
    CHECK(stored_in(loki) == numbers(1, 52));
    CHECK(run.until([&] { return run.board.read().counts.sent == 52; }));
    CHECK(run.board.read().shipped_to == eight + 52s);
}

TEST_CASE("pump: a line that its filter could not find at first comes soon after") {
    JournalRig rig;
    rig.filter.units = {"a.service"};
    rig.add_numbers(1, 1, "system.journal");
    FakeLoki loki;
    MemoryLedger ledger;
    Run run{rig, loki, ledger, of_lines(10)};
    const auto stores = [&](int last, std::chrono::seconds within) {
        return run.until([&] { return stored_in(loki) == numbers(1, last); }, within);
    };
    REQUIRE(stores(1, 20s));
    rig.add_numbers(2, 2, "system.journal");
    REQUIRE(stores(2, 20s));  // at its end it has looked twice, so not again for a second
    rig.add_numbers(3, 3, "system.journal");
    change_found(rig.file("system.journal"), "_SYSTEMD_UNIT=a.service", -1);
    REQUIRE(run.until([&] {
        // On a slow machine the second is over: then it looks once more, and this is news after it.
        std::filesystem::last_write_time(rig.file("system.journal"),
                                         std::filesystem::file_time_type::clock::now());
        run.steps(20);
        return run.journal.may_overlook();
    }));
    change_found(rig.file("system.journal"), "_SYSTEMD_UNIT=a.service", 1);
    CHECK(stores(3, 8s));  // else ten seconds pass
}

TEST_CASE("pump: while Loki is away two batches are held, the rest waits in the journal") {
    JournalRig rig;
    rig.add_numbers(1, 200, "system.journal");
    FakeLoki loki;
    bool away = true;
    loki.answer = [&](const FakeLoki::Push&) { return answered(away ? 503 : 204); };
    MemoryLedger ledger;
    Run run{rig, loki, ledger, of_lines(10)};
    REQUIRE(run.until([&] { return loki.pushes.size() > 300; }));
    CHECK(run.intake.counts().read.at(LogSource::journal) == 20);
    CHECK(run.board.read().state == ShippingState::retrying);
    CHECK(run.board.read().oldest_waiting == eight + 1s);
    CHECK_FALSE(ledger.kept.value_or(Progress{}).position.read);
    away = false;
    REQUIRE(run.until([&] { return ledger.kept && ledger.kept->counts.sent == 200; }));
    CHECK(stored_in(loki) == numbers(1, 200));
}

TEST_CASE("pump: two batches at most are with Loki and not kept, however slow the ledger is") {
    JournalRig rig;
    rig.add_numbers(1, 100, "system.journal");
    FakeLoki loki;
    MemoryLedger ledger;
    ledger.is_slow = true;
    Run run{rig, loki, ledger, of_lines(10)};
    const auto sent = [&] { return ledger.kept.value_or(Progress{}).counts.sent; };
    while (sent() < 100) {
        REQUIRE(run.until([&] { return ledger.answer != nullptr; }));
        run.steps(50);
        CHECK(stored_in(loki).size() <= sent() + 20);
        std::exchange(ledger.answer, nullptr)();
    }
    CHECK(stored_in(loki) == numbers(1, 100));
}

TEST_CASE("pump: at its end what is on its way arrives and is kept, and nothing new is read") {
    JournalRig rig;
    rig.add_numbers(1, 100, "system.journal");
    FakeLoki loki;
    MemoryLedger ledger;
    Run run{rig, loki, ledger, of_lines(10)};
    REQUIRE(run.until([&] { return !stored_in(loki).empty(); }));
    bool done = false;
    run.pump->drain([&] { done = true; });
    REQUIRE(run.until([&] { return done; }));
    const auto count = stored_in(loki).size();
    CHECK(count < 100);
    CHECK(ledger.kept->counts.sent == count);
    run.steps(50);
    CHECK(stored_in(loki).size() == count);
}

TEST_CASE("pump: after any number of crashes Loki has each line, and counts none twice") {
    JournalRig rig;
    rig.add_numbers(1, 150, "system.journal");
    for (unsigned seed = 0; seed < 10; ++seed) {
        INFO("seed ", seed);
        std::mt19937 random{seed};
        FakeLoki loki;
        loki.answer = [&](const FakeLoki::Push& push) {
            if (random() % 5 == 0) {
                loki.store(push, [](const auto&) { return true; });
                return timed_out();  // it took them, and nobody heard
            }
            return answered(random() % 4 == 0 ? 503 : 204);
        };
        MemoryLedger ledger;
        for (int crash = 0; crash < 8; ++crash) {
            Run run{rig, loki, ledger, of_lines(1 + random() % 20)};
            run.steps(random() % 60);
        }
        Run last{rig, loki, ledger, of_lines(20)};
        REQUIRE(
            last.until([&] { return ledger.kept && ledger.kept->position.read == eight + 150s; }));
        REQUIRE(stored_in(loki) == numbers(1, 150));
        CHECK(ledger.kept->counts.sent == 150);
        CHECK(ledger.kept->counts.read.at(LogSource::journal) == 150);
    }
}

TEST_CASE("pump: traces without end leave the journal its part of each batch") {
    JournalRig rig;
    FakeLoki loki;
    MemoryLedger ledger;
    TraceRig files;
    Roster roster;
    roster.runners.push_back({.name = "acme.one",
                              .unit = "",
                              .root = files.directory.path(),
                              .heard_to = real_now().wall + 24h,
                              .jobs = {}});
    ledger.kept = Progress{.position = {.began = began}, .counts = {}};
    std::string many;
    for (int i = 0; i < 5'000; ++i) {
        many += record(std::to_string(i));
    }
    files.write(trace_name(0), many);
    rig.add_numbers(1, 400, "system.journal");
    Run run{rig, loki, ledger, {.lines = 20, .wait = 1h}, roster};
    REQUIRE(run.until([&] { return run.intake.counts().read[LogSource::diag] >= 200; }));
    rig.add_numbers(401, 800, "system.journal");
    std::set<std::size_t> of_traces;
    const auto keeps = [&] { return run.intake.counts().read[LogSource::journal] == 800; };
    REQUIRE(run.until(keeps));
    for (const auto& push : loki.pushes) {
        std::size_t lines = 0;
        for (const auto& stream : push) {
            lines +=
                stream.labels.find("runner-diag") != std::string::npos ? stream.lines.size() : 0;
        }
        of_traces.insert(lines);
    }
    CHECK(*of_traces.rbegin() == 10);
    REQUIRE(run.until([&] { return run.intake.counts().read[LogSource::diag] == 5'000; }));
}
