// The message loop: one long poll after the other, and what the listener does when they fail
// (facts 4.4).

#include "tests/traces/lines.h"
#include "tests/traces/runner.h"

#include <algorithm>

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

constexpr int inner_tries = 5;
constexpr int hasty_errors = 5;  // then the waits double
constexpr int most_errors = 10;  // of the V2 loop, before it gives up
constexpr auto shortest_hold = 45s;
constexpr auto longest_hold = 50s;

// A connection is reset now and then, or forgotten by a middlebox, or an answer comes late.
void lose_something(Outcome& outcome, Instant sent, Dice& dice) {
    if (!outcome.good) {
        return;
    }
    const auto thrown = dice.below(1'500);
    if (thrown < 3) {
        outcome = {.at = dice.between(sent, outcome.at), .cause = Cause::lossy};
    } else if (thrown < 5) {
        outcome = {.at = sent + http_timeout, .cause = Cause::lossy, .arrived = outcome.arrived};
    } else if (thrown < 30) {
        outcome.at += dice.between(200ms, 8s);
    }
}

}  // namespace

// GitHub answers at once when it has a message, else before a minute is over.
Span SimulatedRunner::hold() {
    auto wait = dice_.between(shortest_hold, longest_hold);
    if (!job_ && !updating_) {
        wait = update_ ? Span{200ms} : std::clamp(next_job_ - now_, Span{200ms}, wait);
    }
    return wait;
}

void SimulatedRunner::poll() {
    sent_awake_ = world_.awake(now_);
    if (token_bad_) {
        token_bad_ = clock_refuses();
    }
    if (token_bad_) {
        attempt_ = {.at = now_ + 300ms, .cause = Cause::clock, .heard = true};
        after(Strand::poll, 300ms, &SimulatedRunner::inner_failed);
        return;
    }
    if (!visible_.socket(SocketOf::poll).established) {
        attempt_ = world_.wire.connect(now_, way(Server::broker), dice_);
        after(Strand::poll,
              attempt_.at - now_,
              attempt_.good ? &SimulatedRunner::connected : &SimulatedRunner::inner_failed);
        return;
    }
    auto polling = way(Server::broker);
    polling.polls = true;
    attempt_ = world_.wire.ask(now_, hold(), polling, dice_);
    lose_something(attempt_, now_, dice_);
    if (attempt_.arrived) {
        server_.seen = *attempt_.arrived;
    }
    if (attempt_.good) {
        failing_ = Cause::none;
    }
    if (world_.weather.during(Trouble::overload, attempt_.at) != nullptr) {
        attempt_.at += dice_.between(0ms, 12s);
    }
    after(Strand::poll,
          attempt_.at - now_,
          attempt_.good ? &SimulatedRunner::answered : &SimulatedRunner::inner_failed);
}

void SimulatedRunner::connected() {
    hear(SocketOf::poll);
    poll();
}

void SimulatedRunner::answered() {
    hear(SocketOf::poll);
    inner_ = 0;
    if (!kind_.v2) {
        outer_ = 0;
        if (std::exchange(erring_, false)) {
            say_stamped("Runner reconnected.");
        }
    }
    read_message();
}

void SimulatedRunner::inner_failed() {
    failing_ = attempt_.cause;
    if (attempt_.heard) {
        hear(SocketOf::poll);
    } else {
        visible_.socket(SocketOf::poll).established = false;
    }
    if (++inner_ < inner_tries) {
        after(Strand::poll, dice_.between(5s, 15s), &SimulatedRunner::poll);
    } else {
        outer_failed();
    }
}

// Only the first error of a series is printed. In the V2 loop a series ends with a message, not
// with the next good poll: an outage on a quiet day may end ten errors that others began.
void SimulatedRunner::outer_failed() {
    inner_ = 0;
    ++outer_;
    const auto why = connect_error(attempt_.cause, server_name());
    if (!std::exchange(erring_, true)) {
        say_stamped("Runner connect error: " + why + ". Retrying until reconnected.");
    }
    if (kind_.v2 && outer_ >= most_errors) {
        say("An error occurred: " + why);
        exit_listener("2", attempt_.cause);
        return;
    }
    const bool hasty = outer_ <= hasty_errors;
    after(Strand::poll,
          hasty ? dice_.between(15s, 30s) : dice_.between(30s, 60s),
          &SimulatedRunner::poll);
}

void SimulatedRunner::read_message() {
    const bool free = !job_ && !updating_;
    const bool job = free && !update_ && now_ >= next_job_;
    if (job || (free && update_)) {
        outer_ = 0;
        erring_ = false;
    }
    if (!server_.registered) {
        say("The runner no longer exists on the server. Cleaning up local configuration.");
        remove_settings();
        exit_listener("0", Cause::deregistered);
        after(Strand::service, stopped_for_, &SimulatedRunner::register_again);
        return;
    }
    if (job) {
        take_job();
    } else if (free && update_) {
        begin_update();
    }
    poll();
}

}  // namespace paws::traces
