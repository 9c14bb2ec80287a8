// Synthetic weeks of both families (tests/traces), judged as the agent does: a hang is never said
// where there is none, and found in time where there is proof. Forty of each in every run, a
// thousand in the nightly one.

#include "policy/judge.h"
#include "tests/traces/trace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::traces;
using namespace std::chrono_literals;

namespace {

constexpr auto bound = 5min;  // from a hang's beginning to its verdict
constexpr auto linger =
    60s;  // a verdict that outlives its hang: the runner speaks at its next poll

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::uint64_t seeds() {
    return number_in("PAWS_SEEDS", 40);
}

// One runner's part of a week: what was said of its hang, and what was said without one.
struct Watched {
    std::optional<Instant> hang;
    bool provable = false;
    bool prompt = false;  // without waiting for GitHub's list, which lags for minutes
    bool clear = false;
    bool found = false;
    std::optional<Instant> ended;
};

struct Tally {
    std::size_t moments = 0;
    std::size_t hangs = 0;
    std::size_t clear = 0;
    std::size_t missed = 0;
    std::size_t false_alarms = 0;
    std::vector<double> seconds;  // to the verdict, of the clear ones
    std::string first_alarm;
    std::string first_miss;
};

void settle(Watched& watched, Tally& tally) {
    tally.missed += watched.hang && watched.provable && watched.clear && !watched.found ? 1U : 0U;
}

// A half-open socket and GitHub's word prove nothing where this host never tries the way itself,
// and while a job runs its lease alone counts.
bool is_provable(const Hang& hang, const Runner& runner) {
    const bool tries = runner.reaches.value && !runner.reaches.value->empty();
    return hang.provable() && !hang.busy && (tries || hang.signs.contains(HungSign::stuck_process));
}

bool is_prompt(const Hang& hang) {
    return hang.signs.size() - hang.signs.count(HungSign::github_disagrees) >= 2;
}

void begin_hang(Watched& watched, const Hang& hang, const Runner& runner, Tally& tally) {
    watched = {.hang = hang.since,
               .provable = is_provable(hang, runner),
               .prompt = is_prompt(hang),
               .clear = hang.clear,
               .found = false,
               .ended = std::nullopt};
    ++tally.hangs;
    tally.clear += watched.provable && hang.clear ? 1U : 0U;
}

void follow_hang(Watched& watched,
                 const Truth& truth,
                 const Runner& runner,
                 const Moment& moment,
                 Tally& tally) {
    if (!truth.hang) {
        watched.ended = watched.hang ? watched.ended.value_or(moment.at) : watched.ended;
    } else if (watched.hang != truth.hang->since) {
        settle(watched, tally);
        begin_hang(watched, *truth.hang, runner, tally);
    }
}

// A verdict of "hung": the first on a hang is its detection, one without a hang is a false alarm.
void weigh(Watched& watched, bool hangs, const std::string& verdict, Instant at, Tally& tally) {
    if (hangs && !std::exchange(watched.found, true) && watched.clear && watched.provable &&
        watched.prompt) {
        tally.seconds.push_back(to_seconds(at - *watched.hang));
    }
    const bool lingers = watched.ended && at - *watched.ended <= linger;
    if (!hangs && !lingers) {
        ++tally.false_alarms;
        tally.first_alarm = tally.first_alarm.empty() ? verdict : tally.first_alarm;
    }
}

void judge_week(std::uint64_t seed, Family family, Tally& tally) {
    Trace trace{seed, family};
    Judgement judged;
    std::map<std::string, Watched> watched;
    const auto alarms = tally.false_alarms;
    const auto missed = tally.missed;
    while (const auto moment = trace.next()) {
        if (moment->agent_started) {
            judged = {};
        }
        judged = policy::judge(moment->facts, judged, moment->now);
        ++tally.moments;
        for (std::size_t each = 0; each < judged.runners.size(); ++each) {
            const auto& runner = judged.runners[each];
            const auto& truth = moment->truth[each];
            auto& seen = watched[runner.name];
            follow_hang(seen, truth, moment->facts.runners[each], *moment, tally);
            if (runner.state == RunnerState::hung) {
                weigh(seen,
                      truth.hang.has_value(),
                      runner.name + ": " + runner.reason,
                      moment->at,
                      tally);
            }
        }
    }
    for (auto& [name, one] : watched) {
        settle(one, tally);
    }
    if (tally.false_alarms > alarms && alarms == 0) {
        tally.first_alarm = "seed " + std::to_string(seed) + ", " + tally.first_alarm;
    }
    if (tally.missed > missed && missed == 0) {
        tally.first_miss = "seed " + std::to_string(seed);
    }
}

Tally judge_weeks(Family family) {
    Tally tally;
    const auto first = number_in("PAWS_FIRST_SEED", 0);
    for (std::uint64_t seed = first; seed < first + seeds(); ++seed) {
        judge_week(seed, family, tally);
    }
    return tally;
}

}  // namespace

TEST_CASE("weeks: where nothing hangs, nothing is said to hang") {
    const auto tally = judge_weeks(Family::healthy_or_explained);
    std::printf("%zu moments, %zu false alarms (synthetic)\n", tally.moments, tally.false_alarms);
    CHECK(tally.moments > seeds() * 10'000);
    CHECK(tally.hangs == 0);
    CHECK_MESSAGE(tally.false_alarms == 0, tally.first_alarm);
}

TEST_CASE("weeks: a hang that can be proved is found within five minutes") {
    auto tally = judge_weeks(Family::hung);
    std::ranges::sort(tally.seconds);
    REQUIRE_FALSE(tally.seconds.empty());
    std::printf(
        "%zu hangs, %zu of them provable in clear weather; without GitHub's word found after %.0f "
        "s (median), "
        "%.0f s (slowest); %zu missed, %zu false alarms (synthetic)\n",
        tally.hangs,
        tally.clear,
        tally.seconds[tally.seconds.size() / 2],
        tally.seconds.back(),
        tally.missed,
        tally.false_alarms);
    CHECK(tally.seconds.back() <= to_seconds(bound));
    CHECK_MESSAGE(tally.missed == 0, tally.first_miss);
    CHECK_MESSAGE(tally.false_alarms == 0, tally.first_alarm);
}
