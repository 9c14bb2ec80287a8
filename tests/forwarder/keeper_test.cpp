#include "forwarder/keeper.h"

#include <utility>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};

// Answers when the test says so.
class FakeLedger final : public Ledger {
public:
    struct Asked {
        Progress progress;
        std::vector<std::string> lines;
        std::function<void(Result<void>)> done;
    };
    std::vector<Asked> asked;

    void load(std::function<void(Result<Kept>)> done) override { done(Kept{}); }
    void commit(Progress progress,
                std::vector<QuarantinedLine> quarantined,
                std::function<void(Result<void>)> done) override {
        Asked one{.progress = std::move(progress), .lines = {}, .done = std::move(done)};
        for (const auto& line : quarantined) {
            one.lines.push_back(line.line);
        }
        asked.push_back(std::move(one));
    }
};

using Texts = std::vector<std::string>;

Texts numbers(int first, int end) {
    Texts texts;
    for (int number = first; number < end; ++number) {
        texts.push_back(std::to_string(number));
    }
    return texts;
}

struct Rig {
    boost::asio::io_context loop;
    FakeLedger ledger;
    Board board{"http://loki"};
    std::shared_ptr<int> owner = std::make_shared<int>();
    Keeper keeper{loop, ledger, board};

    Rig() { keeper.set_owner(owner); }

    void keep(std::uint64_t sent, const Texts& lines = {}) {
        Progress progress;
        progress.counts.sent = sent;
        progress.position.read = noon + std::chrono::seconds{sent};
        std::vector<QuarantinedLine> quarantined;
        for (const auto& line : lines) {
            quarantined.push_back({.at = noon, .labels = "{}", .line = line, .reason = "r"});
        }
        keeper.keep(progress, std::move(quarantined));
    }
    void answer(std::size_t which, const Result<void>& result = {}) {
        ledger.asked.at(which).done(result);
        run();
    }
    void run() {
        loop.restart();
        loop.poll();
    }
};

}  // namespace

TEST_CASE("keeper: one commit is under way at a time, the next holds the newest of what came") {
    Rig rig;
    CHECK(rig.keeper.is_idle());
    rig.keep(1, {"a"});
    CHECK_FALSE(rig.keeper.is_idle());
    rig.keep(2, {"b"});
    rig.keep(3, {"c"});
    REQUIRE(rig.ledger.asked.size() == 1);
    CHECK(rig.ledger.asked[0].progress.counts.sent == 1);
    CHECK(rig.ledger.asked[0].lines == Texts{"a"});
    rig.answer(0);
    REQUIRE(rig.ledger.asked.size() == 2);
    CHECK(rig.ledger.asked[1].progress.counts.sent == 3);
    CHECK(rig.ledger.asked[1].lines == Texts{"b", "c"});
    CHECK_FALSE(rig.keeper.is_idle());
    rig.answer(1);
    CHECK(rig.ledger.asked.size() == 2);
    CHECK(rig.keeper.is_idle());
    CHECK(rig.keeper.kept().counts.sent == 3);
}

TEST_CASE("keeper: counts are shown when they are kept and not before") {
    Rig rig;
    rig.keep(5, {"a"});
    rig.run();
    CHECK(rig.board.read().counts.sent == 0);
    CHECK(rig.board.read().quarantined.empty());
    rig.answer(0, Error{Errc::io, "disk full"});
    CHECK(rig.board.read().counts.sent == 0);
    rig.keep(6);
    rig.answer(1);
    CHECK(rig.board.read().counts.sent == 6);
    CHECK(rig.board.read().shipped_to == noon + 6s);
    REQUIRE(rig.board.read().quarantined.size() == 1);
    CHECK(rig.board.read().quarantined[0].line == "a");
}

TEST_CASE("keeper: what a commit failed to keep is in the next, its lines before newer ones") {
    Rig rig;
    rig.keep(1, {"a", "b"});
    rig.keep(2, {"c"});
    rig.answer(0, Error{Errc::timeout, "busy"});
    CHECK(rig.ledger.asked.size() == 1);  // not at once again
    CHECK_FALSE(rig.keeper.is_idle());
    rig.keep(3, {"d"});
    REQUIRE(rig.ledger.asked.size() == 2);
    CHECK(rig.ledger.asked[1].progress.counts.sent == 3);
    CHECK(rig.ledger.asked[1].lines == Texts{"a", "b", "c", "d"});
    CHECK(rig.keeper.kept().counts.sent == 0);
}

TEST_CASE("keeper: where nothing can be kept at all it goes on and shows what it has") {
    Rig rig;
    rig.keep(4);
    rig.answer(0, Error{Errc::unavailable, "a newer agent's database"});
    CHECK(rig.keeper.is_idle());
    CHECK(rig.board.read().counts.sent == 4);
}

TEST_CASE("keeper: of many lines in quarantine the last few are shown, and not all are held") {
    Rig rig;
    rig.keep(1);
    for (int i = 0; i < 3'000; ++i) {
        rig.keep(2, {std::to_string(i)});
    }
    rig.answer(0);
    REQUIRE(rig.ledger.asked.at(1).lines.size() == 1'000);
    CHECK(rig.ledger.asked[1].lines.back() == "2999");
    CHECK(rig.board.read().quarantine_left_out == 2'000);
    rig.answer(1);
    REQUIRE(rig.board.read().quarantined.size() == 10);
    CHECK(rig.board.read().quarantined.back().line == "2999");
}

TEST_CASE("keeper: lines that a commit failed to keep are not held beyond the bound either") {
    Rig rig;
    rig.keep(1, numbers(0, 800));
    rig.keep(2, numbers(800, 1'600));
    CHECK(rig.board.read().quarantine_left_out == 0);  // half of them may yet be kept
    rig.answer(0, Error{Errc::io, "disk full"});
    CHECK(rig.board.read().quarantine_left_out == 600);
    rig.keep(3);
    REQUIRE(rig.ledger.asked.size() == 2);
    CHECK(rig.ledger.asked[1].lines == numbers(600, 1'600));
    rig.answer(1);
    CHECK(rig.board.read().quarantine_left_out == 600);
    rig.keep(4);
    CHECK(rig.ledger.asked.at(2).lines.empty());
}

TEST_CASE("keeper: tells when it is idle, once") {
    Rig rig;
    int told = 0;
    rig.keeper.when_idle([&] { ++told; });
    CHECK(told == 1);
    rig.keep(1);
    rig.keep(2);
    rig.keeper.when_idle([&] { ++told; });
    rig.answer(0);
    CHECK(told == 1);
    rig.answer(1);
    CHECK(told == 2);
    rig.keep(3);
    rig.answer(2);
    CHECK(told == 2);
}

TEST_CASE("keeper: an answer that comes when all this is gone does nothing") {
    Rig rig;
    rig.keep(1);
    rig.owner.reset();
    rig.answer(0);
    CHECK(rig.board.read().counts.sent == 0);
    CHECK_FALSE(rig.keeper.is_idle());
}
