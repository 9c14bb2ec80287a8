#include "policy/judge.h"

#include "core/snapshot.h"
#include "policy/blame.h"
#include "policy/contact.h"
#include "policy/duplicate.h"
#include "policy/evidence.h"
#include "policy/host.h"
#include "policy/hung.h"
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

// What is remembered of a name; nothing when it is new.
template <class T>
std::optional<T> recall(const std::map<std::string, T>& memories, const std::string& name) {
    const auto found = memories.find(name);
    return found == memories.end() ? std::nullopt : std::optional{found->second};
}

// One runner's part of the memories, while it is judged.
struct Recalled {
    std::optional<Contact> contact;
    std::optional<Exertion> exertion;
    std::optional<JobMeter> meter;
};

RunnerJudgement judge_runner(const Runner& runner,
                             const RunnerJudgement* before,
                             Recalled& recalled,
                             const HostView& host,
                             const Now& now) {
    RunnerJudgement judged;
    const auto contact = view_contact(runner, recalled.contact, now);
    const auto view = runner_state(runner, contact, now);
    judged.name = runner.name;
    judged.state = view.state;
    judged.reason = view.reason;
    judged.since = since(view, before, now);
    judged.problems = runner_problems(runner, contact, host, recalled.exertion, now);
    judged.health = health_of(judged);
    judged.blame = blame_for(
        runner, {.view = view, .problems = judged.problems, .contact = contact}, host, now);
    judged.signs = hung_signs_of(runner, contact, now);
    judged.evidence = evidence_of(runner, contact, now);
    if (const auto duplicate = duplicate_of(runner, host.runners, now)) {
        judged.evidence.push_back({.fact = "duplicate",
                                   .value = "of " + duplicate->of + ": " + duplicate->why,
                                   .age_seconds = std::nullopt});
    }
    if (contact.last) {
        judged.last_contact = now.wall - (now.boot - *contact.last);
    }
    return judged;
}

}  // namespace

Judgement judge(const Facts& facts, const Judgement& before, const Now& now) {
    Judgement judged;
    judged.memories = before.memories;
    judged.host = judge_host(facts, judged.memories, now);
    Memories kept;
    for (const auto& runner : facts.runners) {
        const auto old = std::ranges::find(before.runners, runner.name, &RunnerJudgement::name);
        const auto* old_judgement = old == before.runners.end() ? nullptr : &*old;
        Recalled recalled{.contact = recall(before.memories.contact, runner.name),
                          .exertion = recall(before.memories.exertion, runner.name),
                          .meter = recall(before.memories.jobs, runner.name)};
        judged.runners.push_back(judge_runner(
            runner, old_judgement, recalled, {facts.host, judged.host, facts.runners}, now));
        auto jobs = measure_jobs(runner, facts.host, recalled.meter, now);
        judged.runners.back().job_usage = jobs.running;
        judged.runners.back().finished = std::move(jobs.finished);
        kept.contact.emplace(runner.name, *recalled.contact);
        kept.jobs.emplace(runner.name, std::move(*recalled.meter));
        if (recalled.exertion) {
            kept.exertion.emplace(runner.name, *recalled.exertion);
        }
    }
    judged.memories.contact = std::move(kept.contact);
    judged.memories.exertion = std::move(kept.exertion);
    judged.memories.jobs = std::move(kept.jobs);
    return judged;
}

}  // namespace paws::policy
