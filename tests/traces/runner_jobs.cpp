// Jobs: worker, lease, results, and what they leave behind (facts 3, 4.2, 4.3, 5.3).

#include "tests/traces/lines.h"
#include "tests/traces/runner.h"

#include <algorithm>
#include <array>

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

constexpr auto lease_span = 10min;
constexpr auto renew_every = 60s;

std::string_view worker_code(std::string_view result) {
    return result == "Succeeded"             ? "100"
           : result == "SucceededWithIssues" ? "101"
           : result == "Failed"              ? "102"
           : result == "Canceled"            ? "103"
                                             : "104";
}

}  // namespace

// Most are minutes long, some hours.
Span SimulatedRunner::draw_job_length() {
    static constexpr std::array bounds{Span{5s}, Span{1min}, Span{5min}, Span{30min}, Span{6h}};
    const auto thrown = dice_.below(100);
    const std::size_t bin = thrown < 25 ? 0 : thrown < 70 ? 1 : thrown < 95 ? 2 : 3;
    return dice_.between(bounds.at(bin), bounds.at(bin + 1));
}

void SimulatedRunner::take_job() {
    job_ = RunningJob{.name = job_name(dice_), .length = draw_job_length()};
    server_.job = true;
    server_.lease_until = now_ + lease_span;
    hear_service();
    say_stamped("Running job: " + job_->name);
    auto& trace = visible_.trace.change();
    trace.lease_renewed.reset();
    trace.renewal_failed.reset();
    trace.lease_lost.reset();
    trace.worker_ended.reset();
    trace.worker_exit_code.clear();
    after(Strand::renew, dice_.between(100ms, 800ms), &SimulatedRunner::renew);
    after(Strand::work, dice_.between(1s, 5s), &SimulatedRunner::start_worker);
}

// The connections of a job in a container are in its network namespace: not seen at all.
void SimulatedRunner::start_worker() {
    job_->worker = world_.next_pid();
    visible_.add_process(job_->worker, listener_, "Runner.Worker", world_.boot(now_));
    static constexpr std::array steps{
        std::string_view{"bash"}, std::string_view{"node"}, std::string_view{"docker"}};
    for (auto left = 1 + dice_.below(3); left > 0; --left) {
        const int step = world_.next_pid();
        visible_.add_process(step, job_->worker, dice_.any_of(steps), world_.boot(now_));
        job_->steps.push_back(step);
    }
    const bool in_container = dice_.percent(25);
    if (!in_container && dice_.percent(60)) {
        hear(SocketOf::steps);
        job_->chatty = dice_.percent(60);
    }
    hear(SocketOf::worker);
    after(Strand::chatter, dice_.between(2s, 30s), &SimulatedRunner::chatter);
    after(Strand::work, job_->length, &SimulatedRunner::finish_job);
}

void SimulatedRunner::chatter() {
    visible_.cpu += dice_.between(1s, 20s);
    if (!world_.weather.blocked(now_)) {
        hear(SocketOf::worker);
        if (job_->chatty) {
            hear(SocketOf::steps);
        }
    }
    after(Strand::chatter, dice_.between(5s, 45s), &SimulatedRunner::chatter);
}

void SimulatedRunner::renew() {
    const auto outcome = request(Server::other, dice_.between(50ms, 2s));
    after(Strand::renew,
          outcome.at - now_,
          outcome.good ? &SimulatedRunner::renewed : &SimulatedRunner::renewal_failed);
}

void SimulatedRunner::renewed() {
    hear_service();
    if (now_ > server_.lease_until) {
        lose_lease();
        return;
    }
    auto& trace = visible_.trace.change();
    trace.lease_renewed = second();
    trace.renewal_failed.reset();
    job_->renewed = true;
    server_.lease_until = now_ + lease_span;
    const bool slow = world_.weather.during(Trouble::overload, now_) != nullptr;
    after(Strand::renew,
          slow ? renew_every + dice_.between(0s, 100s) : Span{renew_every},
          &SimulatedRunner::renew);
}

// A job whose first renewal fails is given up without a word.
void SimulatedRunner::renewal_failed() {
    if (!job_->renewed) {
        forget({Strand::work, Strand::chatter, Strand::renew});
        end_worker();
        return;
    }
    visible_.trace.change().renewal_failed = second();
    if (now_ > server_.lease_until) {
        lose_lease();
    } else {
        after(Strand::renew, dice_.between(15s, 30s), &SimulatedRunner::renew);
    }
}

void SimulatedRunner::lose_lease() {
    visible_.trace.change().lease_lost = second();
    forget({Strand::renew});
    after(Strand::work, dice_.between(1s, 60s), &SimulatedRunner::abandon_job);
}

void SimulatedRunner::abandon_job() {
    end_job("Abandoned");
}

void SimulatedRunner::finish_job() {
    const bool alone = job_->orphan;
    if (hang_) {  // its listener does not run, and so does not reap it
        visible_.set_process_state(job_->worker, 'Z');
        for (const int step : job_->steps) {
            visible_.remove_process(step);
        }
        visible_.socket(SocketOf::worker).established = false;
        visible_.socket(SocketOf::steps).established = false;
        forget({Strand::chatter});
        job_->ended = true;
    } else if (alone) {
        end_worker();
    } else {
        end_job(job_result(dice_));
    }
}

void SimulatedRunner::end_job(std::string_view result) {
    const auto name = job_->name;
    const bool worked = job_->worker != 0;
    if (worked) {
        auto& trace = visible_.trace.change();
        trace.worker_ended = second();
        trace.worker_exit_code = worker_code(result);
    }
    if (dice_.percent(8) && leftover_ == 0 && worked) {
        leave_process();
    }
    end_worker();
    hear_service();
    say_stamped("Job " + name + " completed with result: " + std::string{result});
    if (kind_.ephemeral) {
        spent_ = true;
        forget({Strand::poll});
        after(Strand::session, dice_.between(500ms, 5s), &SimulatedRunner::end_ephemeral);
    } else if (std::exchange(update_waits_, false)) {
        after(Strand::update, dice_.between(200ms, 2s), &SimulatedRunner::run_update_script);
    }
}

void SimulatedRunner::end_worker() {
    for (const int step : job_->steps) {
        visible_.remove_process(step);
    }
    visible_.remove_process(job_->worker);
    visible_.socket(SocketOf::worker).established = false;
    visible_.socket(SocketOf::steps).established = false;
    forget({Strand::work, Strand::chatter});
    if (!job_->orphan) {
        forget({Strand::renew});
    }
    job_.reset();
    server_.job = false;
    next_job_ = now_ + dice_.between(1s, kind_.longest_pause);
    clear_control_group();
}

// A daemon that a step started and that the end of the job did not find; it holds a connection.
void SimulatedRunner::leave_process() {
    leftover_ = world_.next_pid();
    visible_.add_process(leftover_, 1, "java", world_.boot(now_));
    leftover_chatty_ = dice_.percent(40);
    hear(SocketOf::leftover);
    const auto first =
        leftover_chatty_ ? &SimulatedRunner::leftover_chatter : &SimulatedRunner::end_leftover;
    after(Strand::leftover, dice_.between(1min, leftover_chatty_ ? Span{3min} : Span{20h}), first);
}

void SimulatedRunner::leftover_chatter() {
    if (!world_.weather.blocked(now_)) {
        hear(SocketOf::leftover);
    }
    const bool ends = dice_.one_in(200);
    after(Strand::leftover,
          dice_.between(20s, 3min),
          ends ? &SimulatedRunner::end_leftover : &SimulatedRunner::leftover_chatter);
}

void SimulatedRunner::end_leftover() {
    visible_.remove_process(std::exchange(leftover_, 0));
    visible_.socket(SocketOf::leftover).established = false;
    clear_control_group();
}

// One job, and its registration is gone; whoever runs the host registers it anew (facts 11).
void SimulatedRunner::end_ephemeral() {
    remove_settings();
    exit_listener("0", Cause::ephemeral_end);
    after(Strand::service, dice_.between(10s, 3min), &SimulatedRunner::register_again);
}

}  // namespace paws::traces
