#include "agent/wishes.h"

#include "tests/policy/runners.h"

#include <atomic>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;
using namespace paws::policy::testing;

namespace {

// A bus that takes every order or refuses all, and the wishes that were kept.
struct Rig {
    explicit Rig(bool refuses = false)
        : wishes{[refuses](const policy::UnitAction&) -> Result<void> {
                     return refuses ? Result<void>{Error{Errc::denied, "Access denied"}}
                                    : Result<void>{};
                 },
                 [this](const Wishes::ByRunner& all) { kept = all; }} {}

    Snapshot snapshot(Runner runner, const Now& now = noon) const {
        Snapshot shown;
        shown.taken = now;
        shown.facts.runners.push_back(std::move(runner));
        wishes.tell(shown.facts);
        shown.judged.runners.push_back(
            {.name = shown.facts.runners[0].name, .state = RunnerState::idle});
        return shown;
    }

    // Follows until something has come of it; the orders are given on a thread.
    std::vector<actions::Outcome> outcomes(const Runner& runner, const Now& now = noon) {
        for (int count = 0; count < 4'000; ++count) {
            if (auto came = wishes.follow(snapshot(runner, now)); !came.empty()) {
                return came;
            }
            std::this_thread::sleep_for(5ms);
        }
        FAIL("nothing came of it within twenty seconds");
        return {};
    }

    Wishes::ByRunner kept;
    Wishes wishes;
};

Wish drain() {
    return {.kind = WishKind::drain,
            .asked = noon.wall,
            .until = std::nullopt,
            .note = "",
            .by = "ada",
            .trouble = ""};
}

}  // namespace

TEST_CASE("wishes: what is asked is kept, told among the facts, and carried out") {
    Rig rig;
    rig.wishes.ask(healthy().name, drain());
    CHECK(rig.kept.at(healthy().name).by == "ada");
    CHECK(rig.snapshot(healthy()).facts.runners[0].wish);
    const auto outcomes = rig.outcomes(healthy());
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].action.verb == policy::UnitVerb::stop);
    CHECK_FALSE(outcomes[0].error);
}

TEST_CASE("wishes: taken back, the runner is started, and nothing of the wish is kept") {
    Rig rig;
    rig.wishes.ask(inactive().name, drain());
    rig.wishes.resume(inactive(), "resumed by ada");
    CHECK(rig.kept.empty());
    CHECK_FALSE(rig.snapshot(inactive()).facts.runners[0].wish);
    const auto outcomes = rig.outcomes(inactive());
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].action.verb == policy::UnitVerb::start);
    CHECK(outcomes[0].action.why == "resumed by ada");
    CHECK(rig.wishes.follow(rig.snapshot(inactive(), after(5min))).empty());
}

TEST_CASE("wishes: why one cannot be carried out is shown with it") {
    Rig rig{true};
    rig.wishes.ask(healthy().name, drain());
    rig.outcomes(healthy());
    CHECK(rig.snapshot(healthy()).facts.runners[0].wish->trouble == "Access denied");
}

TEST_CASE("wishes: those of before a restart are followed, newer ones stay") {
    Rig rig;
    auto newer = drain();
    newer.note = "newer";
    rig.wishes.ask("a", newer);
    rig.wishes.restore({{"a", drain()}, {"b", drain()}});
    Facts facts;
    facts.runners = {healthy(), healthy()};
    facts.runners[0].name = "a";
    facts.runners[1].name = "b";
    rig.wishes.tell(facts);
    CHECK(facts.runners[0].wish->note == "newer");
    CHECK(facts.runners[1].wish);
}

TEST_CASE("wishes: a hold is over when its runner runs again after its time") {
    Rig rig;
    auto hold = drain();
    hold.kind = WishKind::hold;
    hold.until = noon.wall + 30min;
    rig.wishes.ask(healthy().name, hold);
    rig.wishes.follow(rig.snapshot(inactive(), after(29min)));
    CHECK(rig.kept.size() == 1);
    const auto outcomes = rig.outcomes(inactive(after(30min)), after(30min));
    CHECK(outcomes[0].action.verb == policy::UnitVerb::start);
    CHECK(rig.kept.size() == 1);
    rig.wishes.follow(rig.snapshot(healthy(after(31min)), after(31min)));
    CHECK(rig.kept.empty());
}
