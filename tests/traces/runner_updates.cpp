// Self-updates: download, script, exit 3, relaunch; and those that fail (facts 4.1, 6).

#include "tests/traces/lines.h"
#include "tests/traces/runner.h"

namespace paws::traces {

using namespace std::chrono_literals;

void SimulatedRunner::begin_update() {
    updating_ = true;
    say("Runner update in progress, do not shutdown runner.");
    say("Downloading 2.336.0 runner");
    after(Strand::update, update_->lasts, &SimulatedRunner::downloaded);
}

void SimulatedRunner::downloaded() {
    const bool fails = std::exchange(update_, std::nullopt)->blow == Blow::update_fails;
    if (fails) {
        updating_ = false;
        say("Runner update failed: The request was canceled due to the configured "
            "HttpClient.Timeout of 900 seconds elapsing.");
        say("Runner update process finished.");
        return;
    }
    say("Waiting for current job finish running.");
    if (job_ && !job_->orphan) {
        update_waits_ = true;
    } else {
        run_update_script();
    }
}

void SimulatedRunner::run_update_script() {
    say("Generate and execute update script.");
    if (helper_ == 0) {
        helper_ = world_.next_pid();
        visible_.add_process(helper_, listener_, "bash", world_.boot(now_));
    }
    after(Strand::helper, dice_.between(6s, 20s), &SimulatedRunner::end_helper);
    after(Strand::update, dice_.between(500ms, 2s), &SimulatedRunner::exit_for_update);
}

// The script outlives the listener that it replaces.
void SimulatedRunner::exit_for_update() {
    say("Runner will exit shortly for update, should be back online within 10 seconds.");
    say("Runner update process finished.");
    version_ = "2.336.0";
    visible_.files.change().version = version_;
    exit_listener("3", Cause::update);
}

void SimulatedRunner::end_helper() {
    visible_.remove_process(std::exchange(helper_, 0));
    clear_control_group();
}

}  // namespace paws::traces
