#include "forwarder/shipper.h"

#include "platform/system_clock.h"
#include "tests/forwarder/journal_rig.h"
#include "tests/forwarder/web_loki.h"
#include "tests/support/eventually.h"

#include <chrono>
#include <future>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

// Looked at when the ship thread has ended.
class TestLedger final : public Ledger {
public:
    std::optional<Progress> kept;
    std::optional<Error> failure;  // of load()

    void load(std::function<void(Result<Kept>)> done) override {
        done(failure ? Result<Kept>{*failure} : Kept{.progress = kept});
    }
    void commit(Progress progress,
                std::vector<QuarantinedLine> quarantined,
                std::function<void(Result<void>)> done) override {
        CHECK(quarantined.empty());
        kept = std::move(progress);
        done({});
    }
};

struct ShipperRig {
    JournalRig journal;
    WebLoki loki;
    TestLedger ledger;
    ShipperOptions options;
    std::unique_ptr<Shipper> shipper;

    ShipperRig() {
        options.loki.url = loki.url();
        options.journal.directory = journal.directory.path();
        options.root = journal.directory.path();
        options.beginning.at = Beginning::At::oldest;
        options.batch.wait = 10ms;
        options.labels = {{"host", "h"}};
    }

    Result<std::unique_ptr<Shipper>> try_start() {
        return Shipper::start(options, ledger, {.now = platform::now, .want_facts = [] {}});
    }
    void start() {
        auto started = try_start();
        REQUIRE_MESSAGE(started, (started ? "" : started.error().what));
        shipper = std::move(*started);
        shipper->set_roster(std::make_shared<const Roster>());
    }
    std::string why_not() {
        const auto started = try_start();
        return started ? "started" : started.error().what;
    }
    bool wait_for_sent(std::uint64_t count) const {
        return eventually([&] { return shipper->read().counts.sent == count; });
    }
};

}  // namespace

TEST_CASE("shipper: brings the journal to Loki and tells how far it is") {
    ShipperRig rig;
    rig.journal.add_numbers(1, 20, "system.journal");
    rig.start();
    REQUIRE(rig.wait_for_sent(20));
    CHECK(rig.loki.lines() == numbers(1, 20));
    const auto told = rig.shipper->read();
    CHECK(told.state == ShippingState::shipping);
    CHECK(told.shipped_to == eight + 20s);
    CHECK(told.begun_anew);
    CHECK(rig.shipper->end(20s));
    REQUIRE(rig.ledger.kept);
    CHECK(rig.ledger.kept->position.read == eight + 20s);
}

TEST_CASE("shipper: its end lets what is on its way arrive, and keeps that") {
    ShipperRig rig;
    rig.loki.hold();
    rig.journal.add_numbers(1, 20, "system.journal");
    rig.start();
    REQUIRE(rig.loki.wait_for_pushes(1));
    auto ended = std::async(std::launch::async, [&] { return rig.shipper->end(20s); });
    CHECK(ended.wait_for(100ms) == std::future_status::timeout);  // it waits for Loki's answer
    rig.loki.release();
    CHECK(ended.get());
    REQUIRE(rig.ledger.kept);
    CHECK(rig.ledger.kept->counts.sent == rig.loki.lines().size());
    CHECK(rig.ledger.kept->counts.sent > 0);
}

TEST_CASE("shipper: without an answer it ends all the same, and the next sends what Loki has not") {
    ShipperRig rig;
    rig.loki.hold();
    rig.journal.add_numbers(1, 20, "system.journal");
    rig.start();
    REQUIRE(rig.loki.wait_for_pushes(1));
    const auto begun = std::chrono::steady_clock::now();
    CHECK(rig.shipper->end(50ms));
    CHECK(std::chrono::steady_clock::now() - begun < 15s);  // it is held for longer
    CHECK((rig.ledger.kept ? rig.ledger.kept->counts.sent : 0) == 0);
    rig.loki.release();
    rig.start();
    REQUIRE(rig.wait_for_sent(20));
    CHECK(rig.shipper->end(20s));
    CHECK(rig.ledger.kept->position.read == eight + 20s);
}

TEST_CASE("shipper: goes on where the ledger says, with its counts") {
    ShipperRig rig;
    rig.journal.add_numbers(1, 10, "system.journal");
    rig.start();
    REQUIRE(rig.wait_for_sent(10));
    REQUIRE(rig.shipper->end(20s));
    rig.journal.add_numbers(11, 15, "system.journal");
    rig.start();
    REQUIRE(rig.wait_for_sent(15));
    CHECK(rig.loki.lines() == numbers(1, 15));
    CHECK_FALSE(rig.shipper->read().begun_anew);
}

TEST_CASE(
    "shipper: while the ledger cannot tell how far it was nothing is shipped, and why is told") {
    ShipperRig rig;
    rig.journal.add_numbers(1, 10, "system.journal");
    rig.ledger.failure = Error{Errc::io, "the database is locked"};
    rig.start();
    REQUIRE(eventually([&] { return rig.shipper->read().trouble == "the database is locked"; }));
    CHECK(rig.shipper->read().state == ShippingState::starting);
    CHECK(rig.shipper->end(20s));
    CHECK(rig.loki.lines().empty());
    CHECK_FALSE(rig.ledger.kept);
}

TEST_CASE("shipper: where nothing can be kept in this run it ships without") {
    ShipperRig rig;
    rig.journal.add_numbers(1, 10, "system.journal");
    rig.ledger.failure = Error{Errc::unavailable, "of a newer agent"};
    rig.start();
    CHECK(rig.loki.wait_for_lines(10));
    CHECK(rig.shipper->read().begun_anew);
}

TEST_CASE("shipper: an option that cannot be is told, and nothing is started") {
    ShipperRig rig;
    rig.options.redact = {{"badge", "a(b"}};
    CHECK(rig.why_not() == "redaction rule 'badge': missing ): a(b");
    rig.options.redact.clear();
    rig.options.root = rig.journal.directory.path() / "absent";
    CHECK(rig.why_not().find("absent") != std::string::npos);
    rig.options.loki.url = "ftp://loki.example";
    CHECK(rig.why_not().find("ftp://loki.example") != std::string::npos);
    CHECK_FALSE(rig.ledger.kept);
}

TEST_CASE("shipper: a trial goes to Loki beside the lines, one at a time, and finds its own") {
    ShipperRig rig;
    rig.start();
    CHECK_FALSE(rig.shipper->trials().read());
    rig.loki.hold();
    CHECK(rig.shipper->try_out() == 1);
    CHECK(rig.shipper->try_out() == 1);
    CHECK(rig.shipper->trials().read()->running);
    rig.loki.release();
    REQUIRE(eventually([&] { return !rig.shipper->trials().read()->running; }));
    const auto trial = *rig.shipper->trials().read();
    CHECK(trial.number == 1);
    CHECK(trial.url == rig.loki.url());
    CHECK(trial.pushed);
    CHECK(trial.found == TrialResult::Found::yes);
    CHECK(trial.query.starts_with(R"({host="h")"));
    REQUIRE(rig.loki.lines().size() == 1);
    CHECK(rig.loki.lines()[0].starts_with("pawsctl logs test "));
    CHECK(rig.shipper->try_out() == 2);
}
