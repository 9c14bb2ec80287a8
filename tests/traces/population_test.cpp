#include "tests/traces/trace.h"
#include "tests/traces/walk.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

// Whether a thousand seeds hold all that a judge is to be tried with.

namespace paws::traces {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t thousand = 1'000;

std::set<Cause> all_causes() {
    std::set<Cause> causes;
    for (auto cause = Cause::none; cause <= Cause::update;
         cause = static_cast<Cause>(static_cast<int>(cause) + 1)) {
        causes.insert(cause);
    }
    return causes;
}

// How long a listener that lives has received nothing and printed nothing.
struct Silence {
    Instant since{};
    std::size_t lines = 0;
    std::uint64_t start = 0;
};

class Silences {
public:
    void look(Instant at, const SimulatedRunner& runner, Doing doing, Silence& silence) {
        const auto& visible = runner.visible();
        const auto& socket = visible.socket(SocketOf::poll);
        const bool talks = silence.lines != visible.lines.size() ||
                           silence.start != visible.starts || doing == Doing::stopped ||
                           (socket.established && at - socket.received < 60s);
        if (talks) {
            count(at - silence.since, doing);
            silence = {at, visible.lines.size(), visible.starts};
        }
    }
    std::size_t nine_minutes() const { return nine_minutes_; }

private:
    void count(Span length, Doing doing) {
        const bool nine = doing != Doing::stopped && length > 8min && length < 11min;
        nine_minutes_ += nine ? 1U : 0U;
    }
    std::size_t nine_minutes_ = 0;
};

}  // namespace

TEST_CASE("each kind of trouble comes in at least fifty of a thousand weeks") {
    std::map<Trouble, std::size_t> weeks;
    for (std::uint64_t seed = 0; seed < thousand; ++seed) {
        const Trace trace{seed, Family::healthy_or_explained};
        std::set<Trouble> kinds;
        for (const auto& episode : trace.world().weather.all()) {
            kinds.insert(episode.trouble);
        }
        for (const auto kind : kinds) {
            ++weeks[kind];
        }
    }
    CHECK(weeks.size() == trouble_count);
    for (const auto& counted : weeks) {
        CAPTURE(static_cast<int>(counted.first));
        CHECK(counted.second >= 50);
    }
}

TEST_CASE("each kind of blow and of ghost comes at least fifty times in a thousand weeks") {
    std::map<Blow, std::size_t> blows;
    std::map<std::pair<Ghost, bool>, std::size_t> ghosts;
    for (std::uint64_t seed = 0; seed < thousand; ++seed) {
        for (const auto& fates : draw_plan(seed, Family::hung).fates) {
            for (const auto& fate : fates) {
                ++blows[fate.blow];
                if (fate.blow == Blow::hang) {
                    ++ghosts[{fate.ghost, fate.busy}];
                }
            }
        }
    }
    CHECK(blows.size() == static_cast<std::size_t>(Blow::hang) + 1);
    for (const auto& counted : blows) {
        CAPTURE(static_cast<int>(counted.first));
        CHECK(counted.second >= 50);
    }
    CHECK(ghosts.size() == 5 + 2);  // two of the five come in mid-job as well
    for (const auto& counted : ghosts) {
        CAPTURE(static_cast<int>(counted.first.first));
        CHECK(counted.second >= 50);
    }
}

TEST_CASE("each kind of runner comes at least twenty times in a thousand weeks") {
    std::map<std::vector<bool>, std::size_t> kinds;
    std::map<std::size_t, std::size_t> sizes;
    std::size_t ephemeral = 0;
    for (std::uint64_t seed = 0; seed < thousand; ++seed) {
        const auto drawn = draw_plan(seed, Family::healthy_or_explained).kinds;
        ++sizes[drawn.size()];
        CHECK(std::ranges::is_sorted(drawn, {}, &Kind::name));
        for (const auto& kind : drawn) {
            ++kinds[{kind.v2, kind.proxied, kind.api, kind.trace_readable}];
            ephemeral += kind.ephemeral ? 1U : 0U;
        }
    }
    CHECK(kinds.size() == 16);
    for (const auto& [kind, count] : kinds) {
        CHECK(count >= 20);
    }
    CHECK(sizes.size() == 4);
    CHECK(ephemeral >= 50);
}

TEST_CASE("each cause and the nine silent minutes are met in eighty weeks") {
    auto missing = all_causes();
    std::set<Doing> doings;
    Silences silences;
    for (std::uint64_t seed = 0; seed < 80; ++seed) {
        Trace trace{seed, Family::healthy_or_explained};
        std::vector<Silence> silence(trace.runners().size());
        while (const auto moment = trace.next()) {
            for (std::size_t number = 0; number < moment->truth.size(); ++number) {
                const auto& truth = moment->truth[number];
                missing.erase(truth.cause);
                doings.insert(truth.doing);
                silences.look(moment->at, trace.runners()[number], truth.doing, silence[number]);
            }
        }
    }
    for (const auto cause : missing) {
        CAPTURE(static_cast<int>(cause));
        FAIL_CHECK("no week knows this cause");
    }
    CHECK(doings.size() == 6);  // all but hung
    CHECK(silences.nine_minutes() >= 10);
}

TEST_CASE("most hangs can be proved and are clear of other trouble, and some are not") {
    std::vector<Hang> hangs;
    walk({0, 80}, Family::hung, [&](const Moment& moment, std::size_t number) {
        const auto& hang = moment.truth[number].hang;
        if (hang && (hangs.empty() || hangs.back().since != hang->since)) {
            hangs.push_back(*hang);
        }
    });
    const auto clear = std::ranges::count_if(hangs, &Hang::clear);
    const auto provable = std::ranges::count_if(hangs, &Hang::provable);
    const auto all = std::ssize(hangs);
    CHECK(all >= 80);
    CHECK(clear * 4 > all * 3);
    CHECK(clear < all);
    CHECK(provable * 2 > all);
    CHECK(provable < all);
}

}  // namespace paws::traces
