#include "collectors/github_jobs.h"

#include "collectors/github_list.h"
#include "core/snapshot.h"
#include "core/text.h"

#include <algorithm>
#include <set>
#include <utility>

namespace paws::collectors {

namespace {

using namespace std::chrono_literals;

constexpr unsigned most_tries = 5;  // to learn how long one job had waited
constexpr unsigned most_how_long = job_questions / 3;
constexpr unsigned fewest_of_a_scope = run_lists + 1;
constexpr auto worth_asking = 10min;   // since a job's end
constexpr auto errand_patience = 30s;  // with all questions of an errand
constexpr auto answer_patience = 1min;
constexpr unsigned most_doublings = 3;

// A job can name any run: asked about is one that the runner may have got, by whose it is.
bool is_within(const std::string& repository, const std::string& scope) {
    const auto named = scope_of("https://host/" + repository, "host");
    if (!named || !named->starts_with("/repos/")) {
        return false;
    }
    const auto owner = "/orgs/" + repository.substr(0, repository.find('/'));
    return lower_case(*named) == lower_case(scope) || lower_case(owner) == lower_case(scope) ||
           scope.starts_with("/enterprises/");
}

bool could_take(const ApiRunner& runner, const QueuedJob& job) {
    return !job.labels.empty() && std::ranges::all_of(job.labels, [&](const std::string& label) {
        return std::ranges::find(runner.labels, label) != runner.labels.end();
    });
}

// Where not all could be asked about, that none waits is not known.
std::optional<WaitingJobs> waiting_for(const ApiRunner& runner, const Queue& queue) {
    WaitingJobs waiting;
    for (const auto& job : queue.jobs) {
        const bool longer = !waiting.longest || job.seconds > waiting.longest->seconds;
        if (longer && could_take(runner, job)) {
            waiting.longest =
                WaitingJob{.run_id = job.run_id, .name = job.name, .seconds = job.seconds};
        }
    }
    return queue.whole || waiting.longest ? std::optional{std::move(waiting)} : std::nullopt;
}

// The jobs that the runner remembers, the one that runs last.
std::vector<const Job*> jobs_of(const Runner& runner) {
    std::vector<const Job*> jobs;
    if (runner.log.value) {
        for (const auto& job : runner.log.value->finished) {
            jobs.push_back(&job);
        }
        if (runner.log.value->job) {
            jobs.push_back(&*runner.log.value->job);
        }
    }
    return jobs;
}

}  // namespace

struct GithubJobsCollector::Errand {
    explicit Errand(GithubQueue asked) : queue{std::move(asked)} {}

    GithubQueue queue;
    std::vector<std::string> scopes;
    std::vector<Question> questions;

    // On the straggler's thread.
    Answers run() {
        Answers answers;
        end_ = queue.now().boot + errand_patience;
        ask_how_long(answers);
        for (const auto& scope : scopes) {
            ask_who_waits(scope, answers);
        }
        queue.end_round();
        return answers;
    }

private:
    bool may_ask(const GithubLimits& said) const {
        return !said.wait && said.requests_left.value_or(requests_reserve) >= requests_reserve &&
               queue.now().boot <= end_;
    }

    void ask_how_long(Answers& answers) {
        for (auto question : questions) {
            if (!may_ask(answers.limits)) {
                return;
            }
            const auto waited = queue.queue_seconds(
                question.run, question.runner_id, question.started, answers.limits);
            ++question.tries;
            if (waited) {
                question.seconds = *waited;
            } else if (waited.error().code == Errc::denied && !answers.error) {
                answers.error = waited.error();  // others may be of a job that lied
            }
            answers.asked.push_back(std::move(question));
        }
    }

    void ask_who_waits(const std::string& scope, Answers& answers) {
        auto left = (job_questions - most_how_long) / static_cast<unsigned>(scopes.size());
        const auto one_more = [&] {
            return may_ask(answers.limits) && std::exchange(left, left - std::min(left, 1U)) > 0;
        };
        if (!may_ask(answers.limits)) {
            return;
        }
        if (auto told = queue.waiting(scope, one_more, answers.limits)) {
            answers.queues.emplace(scope, *std::move(told));
        } else if (!answers.error) {
            answers.error = Error{told.error().code, scope.substr(1) + ": " + told.error().what};
        }
    }

    BootTime end_{};
};

GithubJobsCollector::GithubJobsCollector(const GithubSettings& settings,
                                         GithubClient::Exchange exchange,
                                         GithubClient::Clock clock)
    : GithubJobsCollector{settings,
                          std::make_shared<Errand>(
                              GithubQueue{{settings, std::move(exchange), std::move(clock)}})} {}

GithubJobsCollector::GithubJobsCollector(const GithubSettings& settings,
                                         std::shared_ptr<Errand> errand)
    : interval_{settings.interval},
      errand_{errand},
      straggler_{"github_jobs", [errand = std::move(errand)] { return Result{errand->run()}; }} {
    if (const auto url = platform::parse_http_url(settings.api_url)) {
        api_host_ = url->host;
    }
}

// Job code can rewrite `.runner` for ever: no more is kept than what the runners say now.
void GithubJobsCollector::forget_strangers(const Facts& seen) {
    std::set<std::string> scopes;
    for (const auto& runner : seen.runners) {
        scopes.insert(scope_of(runner, api_host_).value_or(""));
    }
    const auto is_strange = [&](const auto& one) { return !scopes.contains(one.first); };
    std::erase_if(queues_, is_strange);
    std::erase_if(asked_, is_strange);
}

// A question goes with its job, however often the job's run is named anew.
void GithubJobsCollector::note_questions(const Facts& seen, const Now& now) {
    std::vector<Question> noted;
    for (const auto& runner : seen.runners) {
        const auto scope = scope_of(runner, api_host_);
        for (const auto* job : jobs_of(runner)) {
            if (!scope || !job->identity || job->identity->run_attempt == 0 ||
                !is_within(job->identity->repository, *scope)) {
                continue;
            }
            Question question{.runner = runner.name,
                              .run = *job->identity,
                              .runner_id = *runner.files.value->settings->agent_id,
                              .started = job->started};
            const auto known = std::ranges::find_if(
                questions_, [&](const Question& one) { return one.is_same(question); });
            if (known != questions_.end()) {
                noted.push_back(*known);
            } else if (!job->finished || now.wall - *job->finished < worth_asking) {
                noted.push_back(std::move(question));
            }
        }
    }
    questions_ = std::move(noted);
}

void GithubJobsCollector::take_answers(const Now& now) {
    if (!sent_) {
        return;
    }
    if (straggler_.outstanding()) {
        if (now.boot - *sent_ > answer_patience) {
            lacks_ = Error{Errc::timeout,
                           "GitHub's API: no answer about jobs; the resolver of names or a "
                           "credential's file hangs"};
        }
        return;
    }
    auto answers = straggler_.wait({});
    sent_.reset();
    lacks_ = answers ? std::move(answers->error) : answers.error();
    // One repository that cannot be asked about, which a job can name, slows nobody else down.
    const bool in_vain = lacks_ && (!answers || answers->queues.empty());
    failures_ = in_vain ? std::min(failures_ + 1, most_doublings) : 0;
    next_round_ = std::max(next_round_, now.boot + interval_ * ((1U << failures_) - 1));
    if (!answers) {
        return;
    }
    if (answers->limits.wait) {
        next_round_ = std::max(next_round_, now.boot + *answers->limits.wait);
    }
    for (auto& [scope, queue] : answers->queues) {
        queues_.insert_or_assign(scope, std::move(queue));
    }
    for (const auto& asked : answers->asked) {
        const auto question = std::ranges::find_if(
            questions_, [&](const Question& one) { return one.is_same(asked); });
        if (question != questions_.end()) {
            *question = asked;
        }
    }
}

// Those with a runner that is free, since jobs rightly wait for others; the longest unasked first,
// no more than can be asked enough.
std::vector<std::string> GithubJobsCollector::scopes_to_ask(const Facts& seen,
                                                            const Now& now) const {
    std::set<std::pair<BootTime, std::string>> waiting;
    for (const auto& runner : seen.runners) {
        const auto scope = scope_of(runner, api_host_);
        const auto* api = fresh(runner.api, now, network_fresh_for);
        if (scope && scope->starts_with("/repos/") && api != nullptr && !api->busy &&
            api->registration == Registration::online) {
            const auto asked = asked_.find(*scope);
            waiting.emplace(asked == asked_.end() ? BootTime{} : asked->second, *scope);
        }
    }
    std::vector<std::string> scopes;
    for (const auto& [asked, scope] : waiting) {
        if (scopes.size() < (job_questions - most_how_long) / fewest_of_a_scope) {
            scopes.push_back(scope);
        }
    }
    return scopes;
}

Result<void> GithubJobsCollector::send(const Facts& seen, const Now& now) {
    if (sent_ || now.boot < next_round_) {
        return {};
    }
    errand_->scopes = scopes_to_ask(seen, now);
    errand_->questions.clear();
    for (const auto& question : questions_) {
        if (!question.seconds && question.tries < most_tries &&
            errand_->questions.size() < most_how_long) {
            errand_->questions.push_back(question);
        }
    }
    if (errand_->scopes.empty() && errand_->questions.empty()) {
        lacks_.reset();
        failures_ = 0;
        return {};
    }
    for (const auto& scope : errand_->scopes) {
        asked_[scope] = now.boot;
    }
    next_round_ = now.boot + interval_;
    if (auto started = straggler_.start(); !started) {
        return started;
    }
    sent_ = now.boot;
    return {};
}

Result<Fill> GithubJobsCollector::collect(const Facts& seen, const Now& now) {
    forget_strangers(seen);
    note_questions(seen, now);
    take_answers(now);
    if (const auto sent = send(seen, now); !sent) {
        return sent.error();
    }
    return fill(seen);
}

Sourced<WaitingJobs> GithubJobsCollector::waiting_of(const Runner& runner) const {
    const auto scope = scope_of(runner, api_host_);
    const auto queue = scope ? queues_.find(*scope) : queues_.end();
    // Each has the label `self-hosted`: of one without any GitHub did not tell them.
    if (queue == queues_.end() || !runner.api.value || runner.api.value->labels.empty()) {
        return {};
    }
    return {.value = waiting_for(*runner.api.value, queue->second),
            .taken = queue->second.answered};
}

std::vector<QueueTime> GithubJobsCollector::queue_times_of(const Runner& runner) const {
    std::vector<QueueTime> told;
    for (const auto& question : questions_) {
        if (question.runner == runner.name && question.seconds) {
            told.push_back({.started = question.started, .seconds = *question.seconds});
        }
    }
    return told;
}

Fill GithubJobsCollector::fill(const Facts& seen) const {
    struct Told {
        Sourced<WaitingJobs> waiting;
        std::vector<QueueTime> queue_times;
    };
    std::map<std::string, Told> told;
    for (const auto& runner : seen.runners) {
        told[runner.name] = {.waiting = waiting_of(runner), .queue_times = queue_times_of(runner)};
    }
    return [told = std::move(told)](Facts& draft) {
        for (auto& runner : draft.runners) {
            const auto known = told.find(runner.name);
            auto news = known == told.end() ? Told{} : known->second;
            runner.waiting = std::move(news.waiting);
            runner.queue_times = std::move(news.queue_times);
        }
    };
}

}  // namespace paws::collectors
