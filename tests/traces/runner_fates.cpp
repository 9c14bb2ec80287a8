// What befalls a runner of its own, hangs among it (facts 12).

#include "tests/traces/runner.h"

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

constexpr auto looked_ahead = 30min;   // within it a clear hang has no other trouble
constexpr auto settled_after = 10min;  // GitHub's list knows by then that it was registered again

bool stops_process(Ghost ghost) {
    return ghost == Ghost::stopped || ghost == Ghost::stuck || ghost == Ghost::zombie;
}

}  // namespace

bool SimulatedRunner::well() const {
    return active_ && session_ && !hang_ && !updating_ && !spent_ && listener_ != 0 &&
           trouble() == Cause::none && visible_.unit->active_state == "active";
}

void SimulatedRunner::expect_fate() {
    if (fate_ < fates_.size()) {
        after(
            Strand::fate, std::max(fates_[fate_].at - now_, Span{1s}), &SimulatedRunner::meet_fate);
    }
}

void SimulatedRunner::meet_fate() {
    const auto& fate = fates_[fate_];
    if (!is_ready_for(fate)) {
        after(Strand::fate, 1min, &SimulatedRunner::meet_fate);
        return;
    }
    ++fate_;
    strike(fate);
    expect_fate();
}

bool SimulatedRunner::is_ready_for(const Fate& fate) const {
    const bool works = job_ && !job_->orphan && job_->renewed;
    if (fate.blow == Blow::out_of_memory || fate.busy) {
        return well() && works;
    }
    return well() && (fate.blow != Blow::hang || !job_);
}

void SimulatedRunner::strike(const Fate& fate) {
    stopped_for_ = fate.lasts;
    stop_wish_ = Cause::operator_stop;
    switch (fate.blow) {
        case Blow::operator_stop:
            begin_stop();
            break;
        case Blow::crash:
            exit_listener("null", Cause::crashed);
            break;
        case Blow::out_of_memory:
            ++visible_.oom_kills;
            stop_wish_ = Cause::out_of_memory;
            begin_stop();
            break;
        case Blow::crash_loop:
            crash_loop_until_ = now_ + fate.lasts;
            exit_listener("null", Cause::crash_loop);
            break;
        case Blow::session_stolen:
            conflict_until_ = now_ + fate.lasts;
            lose_session(Cause::conflict);
            break;
        case Blow::session_expired:
            lose_session(Cause::session_expired);
            break;
        case Blow::deregistered:
            server_.registered = false;
            if (dice_.percent(50)) {  // the token is refused before the next poll is answered
                lose_session(Cause::deregistered);
            }
            break;
        case Blow::update:
        case Blow::update_fails:
            update_ = fate;
            break;
        case Blow::hang:
            haunt(fate);
            break;
    }
}

void SimulatedRunner::lose_session(Cause cause) {
    session_ = false;
    failing_ = cause;
    visible_.socket(SocketOf::poll).established = false;
    forget({Strand::poll, Strand::token});
    after(Strand::session, dice_.between(200ms, 2s), &SimulatedRunner::create_session);
}

void SimulatedRunner::haunt(const Fate& fate) {
    hang_ = describe(fate);
    const auto pending = alarms_.at(static_cast<std::size_t>(Strand::poll)).at - now_;
    forget({Strand::poll, Strand::token, Strand::update});
    auto& polling = visible_.socket(SocketOf::poll);
    switch (fate.ghost) {
        case Ghost::half_open:
            break;
        case Ghost::no_socket:
            polling.established = false;
            break;
        case Ghost::zombie:
            visible_.set_process_state(listener_, 'Z');
            visible_.set_process_state(wrapper_, 'T');
            polling.established = false;
            close_service();
            break;
        case Ghost::stopped:
        case Ghost::stuck:
            visible_.set_process_state(listener_, fate.ghost == Ghost::stopped ? 'T' : 'D');
            forget({Strand::renew});
            after(Strand::poll, pending, &SimulatedRunner::last_answer);
            break;
    }
    after(Strand::service, fate.lasts, &SimulatedRunner::restart_hung);
}

// The kernel takes what comes although nobody reads it; then GitHub hangs up, and a connection that
// only the other side has closed is not an established one.
void SimulatedRunner::last_answer() {
    if (visible_.socket(SocketOf::poll).established && attempt_.good) {
        hear(SocketOf::poll);
    }
    after(Strand::poll, dice_.between(60s, 2min), &SimulatedRunner::close_at_server);
}

void SimulatedRunner::close_at_server() {
    visible_.socket(SocketOf::poll).established = false;
}

Hang SimulatedRunner::describe(const Fate& fate) const {
    Hang hang{.ghost = fate.ghost,
              .since = now_,
              .signs = {},
              .busy = fate.busy,
              .clear = now_ - server_.registered_since > settled_after &&
                       !world_.weather.any_within(now_ - 2min, now_ + looked_ahead)};
    const bool others_talk = fate.busy || (leftover_ != 0 && leftover_chatty_);
    if (!others_talk) {
        hang.signs.insert(HungSign::silent_sockets);
    }
    if (fate.ghost != Ghost::half_open && !fate.busy && leftover_ == 0) {
        hang.signs.insert(HungSign::no_socket);
    }
    if (kind_.api) {
        hang.signs.insert(HungSign::github_disagrees);
    }
    if (stops_process(fate.ghost)) {
        hang.signs.insert(HungSign::stuck_process);
    }
    return hang;
}

// An operator helps himself. A stopped wrapper says nothing when it is killed.
void SimulatedRunner::restart_hung() {
    stopped_for_ = dice_.between(100ms, 5s);
    stop_wish_ = Cause::operator_stop;
    if (hang_->ghost != Ghost::zombie) {
        begin_stop();
        return;
    }
    hang_.reset();
    visible_.remove_process(std::exchange(listener_, 0));
    session_ = false;
    stop_unit("success", Cause::operator_stop, stopped_for_);
}

// In an overloaded host the listener waits for the disk, for seconds and never for minutes.
void SimulatedRunner::expect_stall() {
    const auto& weather = world_.weather;
    const auto* overload = weather.during(Trouble::overload, now_);
    if (overload == nullptr) {
        overload = weather.beginning(Trouble::overload, now_, week);
    }
    if (overload != nullptr) {
        after(Strand::stall,
              std::max(overload->begin - now_, Span{0}) + dice_.between(5s, 2min),
              &SimulatedRunner::stall);
    }
}

void SimulatedRunner::stall() {
    const bool slow = world_.weather.during(Trouble::overload, now_) != nullptr;
    if (!slow || hang_ || listener_ == 0) {
        expect_stall();
        return;
    }
    visible_.set_process_state(listener_, 'D');
    after(Strand::stall, dice_.between(500ms, 20s), &SimulatedRunner::unstall);
}

void SimulatedRunner::unstall() {
    if (!hang_) {
        visible_.set_process_state(listener_, 'S');
    }
    expect_stall();
}

// Whoever runs the host configures the runner anew; GitHub counts it as another one.
void SimulatedRunner::remove_settings() {
    say("√ Removed .credentials");
    say("√ Removed .runner");
    visible_.files.change().settings.reset();
}

void SimulatedRunner::register_again() {
    if (!visible_.files->settings) {
        *settings_.agent_id += 100;
        visible_.files.change().settings = settings_;
    }
    server_.registered = true;
    server_.registered_since = now_;
    start_unit();
}

}  // namespace paws::traces
