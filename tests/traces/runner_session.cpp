// The listener's session with GitHub, and the token it is bound to (facts 4.1, 4.4, 6).

#include "tests/traces/lines.h"
#include "tests/traces/runner.h"

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

constexpr auto session_retry = 30s;
constexpr auto conflict_patience = 4min;
constexpr auto clock_patience = 30min;
constexpr auto clock_limit = 5min;

}  // namespace

bool SimulatedRunner::clock_refuses() const {
    const auto* wrong = world_.weather.during(Trouble::clock_wrong, now_);
    return wrong != nullptr && std::chrono::abs(wrong->amount) > clock_limit;
}

// "Connected" is printed before the session is asked for, and again with each try.
void SimulatedRunner::create_session() {
    say("");
    say("√ Connected to GitHub");
    say("");
    attempt_ = request(Server::broker, dice_.between(150ms, 2s));
    after(Strand::session,
          attempt_.at - now_,
          attempt_.good ? &SimulatedRunner::session_answered : &SimulatedRunner::session_failed);
}

void SimulatedRunner::session_failed() {
    failing_ = attempt_.cause;
    if (attempt_.heard) {
        hear_service();
    }
    if (!std::exchange(erring_, true)) {
        say_stamped("Runner connect error: " + connect_error(attempt_.cause, server_name()) +
                    ". Retrying until reconnected.");
    }
    after(Strand::session, session_retry, &SimulatedRunner::create_session);
}

void SimulatedRunner::session_answered() {
    hear_service();
    if (clock_refuses()) {
        clock_refused();
    } else if (!server_.registered) {
        say("Failed to create a session. The runner registration has been deleted from the server, "
            "please re-configure. Runner registrations are automatically deleted for runners that "
            "have not connected to the service recently.");
        exit_listener("1", Cause::deregistered);
        after(Strand::service, stopped_for_, &SimulatedRunner::register_again);
    } else if (now_ < conflict_until_) {
        session_conflicts();
    } else {
        session_made();
    }
}

void SimulatedRunner::session_conflicts() {
    failing_ = Cause::conflict;
    conflict_since_ = conflict_since_.value_or(now_);
    say("A session for this runner already exists.");
    if (now_ - *conflict_since_ >= conflict_patience) {
        say("Stop retry on SessionConflictException after retried for 240 seconds.");
        say("Failed to create session. Error: Conflict");
        exit_listener("5", Cause::conflict);
        return;
    }
    if (!std::exchange(erring_, true)) {
        say_stamped("Runner connect error: Error: Conflict. Retrying until reconnected.");
    }
    after(Strand::session, session_retry, &SimulatedRunner::create_session);
}

void SimulatedRunner::clock_refused() {
    failing_ = Cause::clock;
    clock_refused_since_ = clock_refused_since_.value_or(now_);
    if (now_ - *clock_refused_since_ >= clock_patience) {
        say("Stopped retrying OAuth token request exception after 1800 seconds.");
        exit_listener("1", Cause::clock);
        return;
    }
    say("The local machine's clock may be out of sync with the server time by more than five "
        "minutes. Please sync your clock with your domain or internet time and try again.");
    after(Strand::session, session_retry, &SimulatedRunner::create_session);
}

void SimulatedRunner::session_made() {
    session_ = true;
    server_.session = true;
    server_.seen = now_;
    failing_ = Cause::none;
    restarted_by_ = Cause::none;
    in_vain_ = 0;
    inner_ = 0;
    outer_ = 0;
    token_bad_ = false;
    updating_ = false;
    conflict_since_.reset();
    clock_refused_since_.reset();
    if (std::exchange(erring_, false)) {
        say_stamped("Runner reconnected.");
    }
    // Not repeated for a new session of the same listener, unless its settings were refreshed.
    const bool refreshed = !job_ && dice_.percent(30);
    if (!std::exchange(listened_, true) || refreshed) {
        say("Current runner version: '" + version_ + "'");
        say_stamped("Listening for Jobs");
    }
    after(Strand::token, dice_.between(50min, 60min), &SimulatedRunner::refresh_token);
    poll();
}

// The token server refuses a clock that is five minutes off; what was asked for with the old token
// is answered still.
void SimulatedRunner::refresh_token() {
    const auto outcome = request(Server::other, dice_.between(100ms, 1s));
    token_bad_ = outcome.good && clock_refuses();
    if (outcome.heard) {
        hear_service();
    }
    after(Strand::token,
          outcome.good ? dice_.between(50min, 60min) : dice_.between(30s, 90s),
          &SimulatedRunner::refresh_token);
}

}  // namespace paws::traces
