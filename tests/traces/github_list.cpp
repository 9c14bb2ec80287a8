#include "tests/traces/github_list.h"

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

constexpr auto missed_after = 90s;  // without a request GitHub takes a runner for offline
constexpr auto shortest_lag = 1min;
constexpr auto longest_lag = 3min;

bool same(const ApiRunner& left, const ApiRunner& right) {
    return left.registration == right.registration && left.busy == right.busy;
}

}  // namespace

void GithubList::follow(const World& world, const ServerSide& server, Instant now) {
    if (world.weather.during(Trouble::api_stands_still, now) != nullptr) {
        return;
    }
    const bool there = server.session && now - server.seen < missed_after;
    const ApiRunner actual{.registration = !server.registered ? Registration::absent
                                           : there            ? Registration::online
                                                              : Registration::offline,
                           .busy = server.job && now < server.lease_until};
    // A host that slept through a change finds it told already.
    const auto changed = there ? now : std::min(now, server.seen + missed_after);
    if (coming_ && !same(coming_->to, actual)) {
        coming_.reset();
    }
    if (!coming_ && !same(shown_, actual)) {
        coming_ =
            Change{.to = actual, .shown_at = changed + dice_.between(shortest_lag, longest_lag)};
    }
    if (coming_ && coming_->shown_at <= now) {
        shown_ = coming_->to;
        coming_.reset();
    }
}

}  // namespace paws::traces
