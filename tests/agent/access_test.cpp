#include "agent/access.h"

#include "tests/policy/runners.h"

#include <atomic>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;
using namespace paws::policy::testing;

namespace {

// What systemd was asked to start, and what it answers.
struct Rig {
    explicit Rig(const std::optional<Error>& answer = std::nullopt)
        : access{[orders = orders, answer](const policy::UnitAction&) -> Result<void> {
              ++*orders;
              return answer ? Result<void>{*answer} : Result<void>{};
          }} {}

    static Snapshot closed(const Now& now, bool is_closed = true) {
        Snapshot snapshot;
        snapshot.taken = now;
        snapshot.facts.runners.push_back(healthy(now));
        snapshot.facts.runners[0].files =
            at(now, RunnerFiles{.error = "no way in", .closed = is_closed});
        return snapshot;
    }
    // Follows until something has come of it; the order is given on a thread.
    std::vector<actions::Outcome> outcomes(const Now& now) {
        for (int count = 0; count < 4'000; ++count) {
            if (auto came = access.follow(closed(now)); !came.empty()) {
                return came;
            }
            std::this_thread::sleep_for(5ms);
        }
        FAIL("nothing came of it within twenty seconds");
        return {};
    }
    // One that is given is carried out within this time, on any machine that is not stuck.
    bool gives_an_order(const Now& now) {
        const int before = *orders;
        for (int count = 0; count < 20 && *orders == before; ++count) {
            access.follow(closed(now));
            std::this_thread::sleep_for(1ms);
        }
        return *orders > before;
    }

    std::shared_ptr<std::atomic<int>> orders = std::make_shared<std::atomic<int>>(0);
    Access access;
};

}  // namespace

TEST_CASE("access: a closed runner is opened once, and told of until then") {
    Rig rig;
    CHECK(rig.access.follow(Rig::closed(noon)).empty());
    CHECK(rig.access.being_opened() == std::set<std::string>{"acme-widgets.build-01"});
    const auto outcomes = rig.outcomes(noon);
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].action.unit == "paws-open@acme-widgets.build-01.service");
    CHECK_FALSE(outcomes[0].error);
    CHECK(rig.access.being_opened().empty());
    CHECK(*rig.orders == 1);
}

TEST_CASE("access: what does not help is tried less and less often, at least once an hour") {
    Rig rig{Error{Errc::io, "Unit paws-open@.service not found."}};
    rig.outcomes(noon);
    int given = 1;
    for (const auto at : {30s, 90s, 210s, 450s, 930s, 1890s, 3810s, 7410s, 11010s}) {
        CHECK_FALSE(rig.gives_an_order(after(at - 1s)));
        CHECK(rig.outcomes(after(at)).size() == 1);
        CHECK(*rig.orders == ++given);
    }
}

TEST_CASE("access: why it is not opened stands with what is closed, until it is open") {
    Rig rig{Error{Errc::denied, "Access denied; is polkit running?"}};
    CHECK(rig.outcomes(noon)[0].error);
    auto facts = Rig::closed(noon).facts;
    rig.access.tell(facts);
    CHECK(facts.runners[0].files.value->error ==
          "no way in; not opened by its action: Access denied; is polkit running?");
    auto open = Rig::closed(noon, false).facts;
    rig.access.tell(open);
    CHECK(open.runners[0].files.value->error == "no way in");
}

TEST_CASE("access: once open and closed again it is asked for at once") {
    Rig rig;
    rig.outcomes(noon);
    rig.outcomes(after(30s));
    CHECK_FALSE(rig.gives_an_order(after(61s)));
    CHECK(rig.access.follow(Rig::closed(after(62s), false)).empty());
    CHECK(rig.outcomes(after(63s)).size() == 1);
    CHECK(*rig.orders == 3);
}
