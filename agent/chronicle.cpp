#include "agent/chronicle.h"

#include "core/names.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace paws::agent {

void Chronicle::tell(const Snapshot& snapshot, const std::set<std::string>& being_opened) {
    tell_collectors(snapshot);
    tell_files(snapshot, being_opened);
    tell_runners(snapshot);
}

void Chronicle::tell(const actions::Outcome& outcome, BootTime now) {
    const auto& action = outcome.action;
    const auto* const verb = action.verb == policy::UnitVerb::start ? "start" : "stop";
    const auto error = outcome.error ? outcome.error->what : "";
    if (!outcome.error) {
        order_news_.see(action.runner, "", now);
        log_.info("order given", {{"runner", action.runner}, {"verb", verb}, {"why", action.why}});
    } else if (order_news_.see(action.runner, error, now)) {
        log_.warning("order refused",
                     {{"runner", action.runner}, {"verb", verb}, {"error", error}});
    }
}

void Chronicle::tell_action(const actions::Outcome& outcome, BootTime now) {
    const auto& action = outcome.action;
    const auto error = outcome.error ? outcome.error->what : "";
    if (!outcome.error) {
        action_news_.see(action.unit, "", now);
        log_.info("action done", {{"unit", action.unit}, {"why", action.why}});
    } else if (action_news_.see(action.unit, error, now)) {
        log_.warning("action failed",
                     {{"unit", action.unit}, {"why", action.why}, {"error", error}});
    }
}

void Chronicle::tell_refused_handover(const std::string& why, BootTime now) {
    static constexpr std::size_t most = 8;
    static constexpr std::chrono::minutes rest{1};
    std::erase_if(refused_handovers_, [&](const auto& told) { return now - told.second >= rest; });
    if (refused_handovers_.size() < most && refused_handovers_.emplace(why, now).second) {
        log_.warning("handover refused", {{"why", why}});
    }
}

void Chronicle::tell_collectors(const Snapshot& snapshot) {
    for (const auto& report : snapshot.collectors) {
        if (!collector_news_.see(report.name, report.error, snapshot.taken.boot)) {
            continue;
        }
        if (report.success) {
            log_.info("collector works again", {{"collector", report.name}});
        } else {
            log_.warning("collector fails", {{"collector", report.name}, {"error", report.error}});
        }
    }
}

void Chronicle::tell_files(const Snapshot& snapshot, const std::set<std::string>& being_opened) {
    for (const auto& runner : snapshot.facts.runners) {
        if (being_opened.contains(runner.name)) {
            continue;
        }
        const auto& error = runner.files.value ? runner.files.value->error : "";
        if (files_news_.see(runner.name, error, snapshot.taken.boot) && !error.empty()) {
            log_.warning("runner files", {{"runner", runner.name}, {"error", error}});
        }
    }
}

void Chronicle::tell_runners(const Snapshot& snapshot) {
    for (const auto& runner : snapshot.judged.runners) {
        const std::string state{to_string(runner.state)};
        if (const auto before = runner_news_.see(runner.name, state, snapshot.taken.boot)) {
            log_.info("runner",
                      {{"runner", runner.name},
                       {"from", *before},
                       {"to", state},
                       {"reason", runner.reason}});
        }
    }
    runner_news_.forget_unless([&](const std::string& name) {
        return std::ranges::find(snapshot.judged.runners, name, &RunnerJudgement::name) !=
               snapshot.judged.runners.end();
    });
}

}  // namespace paws::agent
