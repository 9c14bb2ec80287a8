#include "policy/judge.h"

#include "core/snapshot.h"
#include "policy/contact.h"
#include "policy/host.h"
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

}  // namespace

Judgement judge(const Facts& facts, const Judgement& before, const Now& now) {
    Judgement judged;
    judged.memories = before.memories;
    judged.host = judge_host(facts.host, judged.memories, now);
    std::map<std::string, Contact> kept;
    for (const auto& runner : facts.runners) {
        const auto old = std::ranges::find(before.runners, runner.name, &RunnerJudgement::name);
        const auto* old_judgement = old == before.runners.end() ? nullptr : &*old;
        const auto memory = before.memories.contact.find(runner.name);
        std::optional<Contact> contact;
        if (memory != before.memories.contact.end()) {
            contact = memory->second;
        }
        const auto view = view_contact(runner, contact, now);
        kept.emplace(runner.name, *contact);
        judged.runners.push_back(
            judge_runner(runner, old_judgement, view, {facts.host, judged.host}, now));
    }
    judged.memories.contact = std::move(kept);
    return judged;
}

}  // namespace paws::policy
