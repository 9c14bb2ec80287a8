#include "tests/traces/prober.h"

#include <algorithm>
#include <optional>

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

constexpr auto probe_timeout = 10s;
constexpr Span repeated_after = 5s;
constexpr std::uint64_t lost_one_in = 500;

std::optional<ReachFailure> failure_of(const Outcome& outcome, ReachStage late_stage, bool late) {
    if (late) {
        return ReachFailure{late_stage, "no answer within 10 s"};
    }
    switch (outcome.cause) {
        case Cause::network:
            return ReachFailure{ReachStage::name, "Temporary failure in name resolution"};
        case Cause::name_service:
            return ReachFailure{ReachStage::name, "Name or service not known"};
        case Cause::proxy_tunnel:
            return ReachFailure{ReachStage::proxy, "the proxy opens no tunnel"};
        case Cause::proxy:
        case Cause::broker:
            return ReachFailure{ReachStage::connect, "Connection refused"};
        case Cause::github_errors:
            return ReachFailure{ReachStage::http, "the server answers 503"};
        default:
            return std::nullopt;
    }
}

Span took(const Reach& reach) {
    return Span{static_cast<Span::rep>(reach.seconds * 1'000)};
}

}  // namespace

Prober::Prober(const Kind& kind, Dice dice) : dice_{dice} {
    const Way main{.server = Server::broker, .proxied = kind.proxied};
    const Way other{.server = Server::other, .proxied = kind.proxied};
    endpoints_.push_back({"api.github.com:443", other});
    endpoints_.push_back({"github.com:443", other});
    endpoints_.push_back({"pipelines.actions.githubusercontent.com:443", kind.v2 ? other : main});
    if (kind.v2) {
        endpoints_.push_back({"broker.actions.githubusercontent.com:443", main});
    }
}

void Prober::forget(Instant now) {
    tried_.clear();
    due_ = now + dice_.between(0s, 5s);
}

Reach Prober::reach(const World& world, Instant now, Way way) {
    auto outcome = world.wire.connect(now, way, dice_);
    const auto connected = outcome.at;
    auto stage = world.weather.during(Trouble::names_fail, now) != nullptr && !way.proxied
                     ? ReachStage::name
                     : ReachStage::connect;
    if (outcome.good) {
        stage = ReachStage::http;
        outcome = world.wire.ask(connected, dice_.between(20ms, 600ms), way, dice_);
    }
    if (dice_.one_in(lost_one_in)) {
        outcome = {.at = now + http_timeout};
    }
    const bool late = outcome.at - now > probe_timeout;
    const auto took = std::min<Span>(outcome.at - now, probe_timeout);
    Reach reach{.tried = {.wall = world.wall(now), .boot = world.boot(now)},
                .polled = way.server == Server::broker,
                .failure = failure_of(outcome, stage, late),
                .seconds = to_seconds(took)};
    if (!late && outcome.heard) {  // Date is in whole seconds
        const auto* wrong = world.weather.during(Trouble::clock_wrong, now);
        const auto behind = (wrong != nullptr ? -wrong->amount : Span{0}) - dice_.between(0s, 1s);
        reach.clock_behind_seconds = to_seconds(behind);
    }
    return reach;
}

void Prober::attempt(const World& world, Instant now, const Reaches& before) {
    done_ = now;
    for (const auto& endpoint : endpoints_) {
        const auto last = before.find(endpoint.name);
        const bool was_good = last != before.end() && !last->second.failure;
        auto at = now;
        auto tried = reach(world, at, endpoint.way);
        if (tried.failure && was_good) {
            at += std::max(took(tried), repeated_after);
            tried = reach(world, at, endpoint.way);
        }
        done_ = std::max(done_, at + took(tried));
        tried_.push_back(std::move(tried));
    }
    due_ = now + dice_.between(55s, 65s);
}

void Prober::advance(const World& world, Instant now, Sourced<Reaches>& told) {
    if (tried_.empty() && now >= due_) {
        attempt(world, now, told.value.value_or(Reaches{}));
    }
    if (tried_.empty() || now < done_ ||
        world.weather.during(Trouble::probes_missing, now) != nullptr) {
        return;
    }
    auto& reaches = told.value ? *told.value : told.value.emplace();
    for (std::size_t number = 0; number < endpoints_.size(); ++number) {
        reaches[endpoints_[number].name] = std::move(tried_[number]);
    }
    tried_.clear();
    told.taken = {.wall = world.wall(now), .boot = world.boot(now)};
}

}  // namespace paws::traces
