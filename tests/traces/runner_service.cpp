// The unit, its wrapper, and how listeners begin and end (facts 2.3, 2.4, 2.6).

#include "tests/traces/lines.h"
#include "tests/traces/runner.h"

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

constexpr int most_in_vain = 10;

std::string hex_id(Dice& dice) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string id;
    for (int count = 0; count < 32; ++count) {
        id += digits[dice.below(digits.size())];
    }
    return id;
}

bool stops_service(std::string_view code) {
    return code == "0" || code == "1" || code == "5";
}

bool is_retryable(std::string_view code) {
    return code == "2" || code == "3";
}

}  // namespace

void SimulatedRunner::start_unit() {
    visible_.lines.clear();
    ++visible_.starts;
    active_ = true;
    launched_before_ = false;
    killed_in_stop_ = false;
    spent_ = false;
    restarted_by_ = Cause::none;
    in_vain_ = 0;
    visible_.cpu = Span{0};
    shell_ = world_.next_pid();
    wrapper_ = world_.next_pid();
    visible_.add_process(shell_, 1, "bash", world_.boot(now_));
    visible_.add_process(wrapper_, shell_, "node", world_.boot(now_));
    auto& unit = visible_.unit.change();
    unit.active_state = "active";
    unit.sub_state = "running";
    unit.result = "success";
    unit.control_group = "/system.slice/actions.runner." + kind_.name + ".service";
    unit.invocation_id = hex_id(dice_);
    unit.main_pid = shell_;
    unit.exec_main_pid = shell_;
    unit.exec_main_code = 0;
    unit.exec_main_status = 0;
    unit.active_enter = world_.wall(now_);
    unit.state_change = unit.active_enter;
    launch();
}

void SimulatedRunner::launch() {
    listener_ = world_.next_pid();
    visible_.add_process(listener_, wrapper_, "Runner.Listener", world_.boot(now_));
    say("Starting Runner listener with startup type: service");
    say("Started listener process, pid: " + std::to_string(listener_));
    if (!std::exchange(launched_before_, true)) {
        say("Started running service");
    }
    listened_ = false;
    const auto first =
        now_ < crash_loop_until_ ? &SimulatedRunner::die_young : &SimulatedRunner::create_session;
    after(Strand::session, dice_.between(1500ms, 4s), first);
}

void SimulatedRunner::die_young() {
    const bool disk_full = dice_.percent(50);
    if (disk_full) {
        say("An error occurred: No space left on device : '/opt/runner/_diag'");
    }
    exit_listener(disk_full ? "2" : "null", Cause::crash_loop);
}

// A listener that comes to its own end takes its worker with it; one that is killed does not.
void SimulatedRunner::exit_listener(const std::string& code, Cause cause) {
    if (job_ && !job_->orphan) {
        code == "null" ? abandon_worker() : end_job("Canceled");
    }
    visible_.orphan_children(listener_);
    visible_.remove_process(std::exchange(listener_, 0));
    visible_.socket(SocketOf::poll).established = false;
    close_service();
    forget({Strand::session,
            Strand::poll,
            Strand::token,
            Strand::pooled,
            Strand::renew,
            Strand::update});
    const bool held = code == "null" || (code == "2" && dice_.percent(50));
    if (session_ && held) {
        conflict_until_ = now_ + dice_.between(10s, 6min);
    }
    server_.session = server_.session && held;
    session_ = false;
    failing_ = Cause::none;
    restarted_by_ = cause;
    erring_ = false;
    conflict_since_.reset();
    clock_refused_since_.reset();
    ++in_vain_;
    say("Runner listener exited with error code " + code);
    say(exit_sentence(code));
    if (is_retryable(code) && in_vain_ >= most_in_vain) {
        say("Stopping the runner after 10 consecutive re-tryable failures");
        stop_unit("success", cause, dice_.between(5min, 6h));
    } else if (stops_service(code)) {
        stop_unit("success", cause, dice_.between(2min, 8h));
    } else {
        after(Strand::service, 5s, &SimulatedRunner::launch);
    }
}

void SimulatedRunner::abandon_worker() {
    job_->orphan = true;
    if (job_->worker == 0 || job_->ended) {
        end_worker();
    }
}

void SimulatedRunner::stop_unit(std::string_view result, Cause cause, Span until_started) {
    active_ = false;
    stirred_ = true;
    stopped_by_ = cause;
    updating_ = false;
    update_waits_ = false;
    visible_.remove_process(std::exchange(wrapper_, 0));
    visible_.remove_process(std::exchange(shell_, 0));
    auto& unit = visible_.unit.change();
    unit.active_state = result == "success" ? "inactive" : "failed";
    unit.sub_state = result == "success" ? "dead" : "failed";
    unit.result = result;
    unit.main_pid = 0;
    unit.exec_main_code = 1;
    unit.inactive_enter = world_.wall(now_);
    unit.state_change = unit.inactive_enter;
    clear_control_group();
    after(Strand::service, until_started, &SimulatedRunner::start_unit);
}

void SimulatedRunner::clear_control_group() {
    if (!active_ && visible_.processes->empty()) {
        visible_.unit.change().control_group.clear();
    }
}

// systemctl stop: the shell passes it on to the wrapper, and that to the listener, which gets half
// a minute.
void SimulatedRunner::begin_stop() {
    say("Shutting down runner listener");
    say("Sending SIGINT to runner listener to stop");
    say("Sending SIGKILL to runner listener");
    auto& unit = visible_.unit.change();
    unit.active_state = "deactivating";
    unit.sub_state = "stop-sigterm";
    unit.state_change = world_.wall(now_);
    killed_in_stop_ = hang_.has_value();
    const auto patience = killed_in_stop_ ? Span{30s}
                          : job_          ? dice_.between(2s, 20s)
                                          : dice_.between(200ms, 2s);
    forget({Strand::poll, Strand::session, Strand::token, Strand::update});
    after(Strand::service, patience, &SimulatedRunner::finish_stop);
}

void SimulatedRunner::finish_stop() {
    hang_.reset();
    if (!killed_in_stop_) {
        say("Exiting...");
        if (job_ && !job_->orphan && job_->worker != 0 && dice_.percent(30)) {
            abandon_worker();  // KillMode=process leaves it behind
        }
    }
    const auto lasts = stopped_for_;
    const auto why = stop_wish_;
    if (listener_ != 0) {
        exit_listener(killed_in_stop_ ? "null" : "0", why);
    }
    stop_unit(why == Cause::out_of_memory ? "oom-kill" : "success", why, lasts);
}

// The power is gone, and every process with it.
void SimulatedRunner::end_processes() {
    visible_.processes.change().clear();
    for (auto& socket : visible_.sockets) {
        socket.established = false;
    }
    for (auto& alarm : alarms_) {
        alarm.then = nullptr;
    }
    expect_fate();
    expect_stall();
    if (session_) {
        conflict_until_ = now_ + dice_.between(10s, 5min);
    }
    job_.reset();
    server_.job = false;
    listener_ = 0;
    leftover_ = 0;
    helper_ = 0;
    session_ = false;
    failing_ = Cause::none;
    erring_ = false;
    conflict_since_.reset();
    clock_refused_since_.reset();
}

}  // namespace paws::traces
