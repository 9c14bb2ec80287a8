// What a runner really does, and whose fault it is.

#include "tests/traces/runner.h"

namespace paws::traces {

Cause SimulatedRunner::trouble() const {
    if (failing_ != Cause::none) {
        return failing_;
    }
    const auto& weather = world_.weather;
    if (weather.blocked(now_)) {
        return Cause::network;
    }
    if (kind_.proxied && weather.during(Trouble::proxy_refuses, now_) != nullptr) {
        return Cause::proxy;
    }
    if (weather.during(Trouble::github_errors, now_) != nullptr) {
        return Cause::github_errors;
    }
    if (weather.during(Trouble::github_silent, now_) != nullptr ||
        weather.during(Trouble::polls_unanswered, now_) != nullptr) {
        return Cause::github_silence;
    }
    return Cause::none;
}

std::pair<Doing, Cause> SimulatedRunner::doing() const {
    if (hang_) {
        return {Doing::hung, Cause::none};
    }
    if (!active_) {
        return {Doing::stopped, stopped_by_};
    }
    const auto cause = trouble();
    const bool slow = world_.weather.during(Trouble::overload, now_) != nullptr;
    const auto strain = slow ? Cause::overload : Cause::none;
    if (job_ && !job_->orphan) {
        return {Doing::busy, cause == Cause::none ? strain : cause};
    }
    if (updating_) {
        return {Doing::updating, Cause::update};
    }
    if (cause != Cause::none) {
        return {Doing::cut_off, cause};
    }
    if (session_) {
        return {Doing::idle, strain};
    }
    return {Doing::starting, restarted_by_ == Cause::none ? strain : restarted_by_};
}

const Truth& SimulatedRunner::truth(Instant now) {
    now_ = now;
    const auto [what, why] = doing();
    if (what != truth_.doing || why != truth_.cause ||
        hang_.has_value() != truth_.hang.has_value()) {
        truth_ = {.doing = what,
                  .cause = why,
                  .blame = hang_ ? Blame::runner : blame_of(why),
                  .since = hang_ ? hang_->since : now,
                  .hang = hang_};
    }
    return truth_;
}

std::optional<Blame> blame_of(Cause cause) {
    switch (cause) {
        case Cause::none:
        case Cause::ephemeral_end:
        case Cause::operator_stop:
        case Cause::update:
            return std::nullopt;
        case Cause::lossy:
        case Cause::network:
        case Cause::name_service:
        case Cause::proxy:
        case Cause::proxy_tunnel:
            return Blame::network;
        case Cause::broker:
        case Cause::github_errors:
        case Cause::github_silence:
        case Cause::session_expired:
            return Blame::github;
        case Cause::clock:
        case Cause::overload:
        case Cause::suspended:
        case Cause::rebooted:
        case Cause::out_of_memory:
            return Blame::host;
        case Cause::conflict:
        case Cause::crashed:
        case Cause::crash_loop:
        case Cause::deregistered:
            return Blame::runner;
    }
    return std::nullopt;
}

}  // namespace paws::traces
