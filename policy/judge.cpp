#include "policy/judge.h"

#include "core/snapshot.h"
#include "policy/contact.h"
#include "policy/host.h"
#include "policy/job_usage.h"
#include "policy/runner_problems.h"
#include "policy/runner_state.h"

#include <algorithm>

namespace paws::policy {

namespace {

Health health_of(const RunnerJudgement& judged) {
    switch (judged.state) {
        case RunnerState::unknown:
            return Health::unknown;
        case RunnerState::stopped:
            // Somebody wanted these; the others are deaths.
            return judged.reason.starts_with("operator") || judged.reason.starts_with("disabled") ||
                           judged.reason.starts_with("masked")
                       ? Health::degraded
                       : Health::failed;
        case RunnerState::unregistered:
        case RunnerState::offline:
        case RunnerState::hung:
            return Health::failed;
        case RunnerState::done:
        case RunnerState::starting:
        case RunnerState::updating:
        case RunnerState::draining:
        case RunnerState::busy:
        case RunnerState::idle:
            return judged.problems.found.empty() ? Health::ok : Health::degraded;
    }
    return Health::unknown;
}

// The moment a state began: what we said before if it still holds, else what the facts say.
WallTime since(const StateView& view, const RunnerJudgement* before, const Now& now) {
    if (before != nullptr && before->state == view.state) {
        return before->since;
    }
    return std::min(view.since.value_or(now.wall), now.wall);
}

RunnerJudgement judge_runner(const Runner& runner,
                             const RunnerJudgement* before,
                             const ContactView& contact,
                             const HostView& host,
                             const Now& now) {
    RunnerJudgement judged;
    const auto view = runner_state(runner, contact, now);
    judged.name = runner.name;
    judged.state = view.state;
    judged.reason = view.reason;
    judged.since = since(view, before, now);
    judged.problems = runner_problems(runner, host, now);
    judged.health = health_of(judged);
    judged.evidence = evidence_of(runner, contact, now);
    if (contact.last) {
        judged.last_contact = now.wall - (now.boot - *contact.last);
    }
    return judged;
}

// The memory of one runner out of those of all.
template <class Memory>
std::optional<Memory> memory_of(const std::map<std::string, Memory>& memories,
                                const std::string& runner) {
    const auto found = memories.find(runner);
    return found == memories.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace

Judgement judge(const Facts& facts, const Judgement& before, const Now& now) {
    Judgement judged;
    judged.memories = before.memories;
    judged.host = judge_host(facts.host, judged.memories, now);
    std::map<std::string, Contact> contacts;
    std::map<std::string, JobMeter> meters;
    for (const auto& runner : facts.runners) {
        const auto old = std::ranges::find(before.runners, runner.name, &RunnerJudgement::name);
        const auto* old_judgement = old == before.runners.end() ? nullptr : &*old;
        auto contact = memory_of(before.memories.contact, runner.name);
        const auto view = view_contact(runner, contact, now);
        contacts.emplace(runner.name, *contact);
        auto meter = memory_of(before.memories.jobs, runner.name);
        auto jobs = measure_jobs(runner, facts.host, meter, now);
        meters.emplace(runner.name, std::move(*meter));
        judged.runners.push_back(
            judge_runner(runner, old_judgement, view, {facts.host, judged.host}, now));
        judged.runners.back().job_usage = std::move(jobs.running);
        judged.runners.back().finished = std::move(jobs.finished);
    }
    judged.memories.contact = std::move(contacts);
    judged.memories.jobs = std::move(meters);
    return judged;
}

}  // namespace paws::policy
