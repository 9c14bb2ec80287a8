#include "collectors/github_jobs.h"

#include "collectors/github_list.h"
#include "core/text.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace paws::collectors {

namespace {

using namespace std::chrono_literals;

constexpr unsigned most_tries = 5;     // to learn how long one job had waited
constexpr auto errand_patience = 30s;  // with all questions of an errand
constexpr auto answer_patience = 1min;
constexpr unsigned most_doublings = 3;

// The newest job whose run is known.
const Job* newest_job(const Runner& runner) {
    if (!runner.log.value) {
        return nullptr;
    }
    const auto& log = *runner.log.value;
    const auto* job = log.job ? &*log.job : log.finished.empty() ? nullptr : &log.finished.back();
    const bool known = job != nullptr && job->identity && job->identity->run_attempt > 0;
    return known ? job : nullptr;
}

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

}  // namespace

struct GithubJobsCollector::Errand {
    GithubQueue queue;
    std::set<std::string> scopes;
    std::map<std::string, Question> questions;

    // On the straggler's thread.
    Answers run() {
        Answers answers;
        auto left = job_questions;
        const auto begun = queue.now().boot;
        const auto may_ask = [&] {
            return left > 0 && !answers.limits.wait && queue.now().boot - begun <= errand_patience;
        };
        ask_how_long(answers, left, may_ask);
        ask_who_waits(answers, left, may_ask);
        return answers;
    }

private:
    using MayAsk = std::function<bool()>;

    void ask_how_long(Answers& answers, unsigned& left, const MayAsk& may_ask) {
        for (const auto& [runner, asked] : questions) {
            if (!may_ask()) {
                return;
            }
            --left;
            const auto waited =
                queue.queue_seconds(asked.run, asked.runner_id, asked.started, answers.limits);
            if (waited && *waited) {
                answers.waited.emplace(runner, **waited);
            }
        }
    }

    void ask_who_waits(Answers& answers, unsigned& left, const MayAsk& may_ask) {
        auto others = scopes.size();
        for (const auto& scope : scopes) {
            // One that names a busy repository takes nothing from the others.
            auto share = left / static_cast<unsigned>(others--);
            if (share == 0 || !may_ask()) {
                return;
            }
            left -= share;
            if (auto told = queue.waiting(scope, share, answers.limits)) {
                answers.queues.emplace(scope, *std::move(told));
            } else if (!answers.error) {
                answers.error =
                    Error{told.error().code, scope.substr(1) + ": " + told.error().what};
            }
            left += share;
        }
    }
};

GithubJobsCollector::GithubJobsCollector(const GithubSettings& settings,
                                         GithubClient::Exchange exchange,
                                         GithubClient::Clock clock)
    : GithubJobsCollector{
          settings,
          std::make_shared<Errand>(
              Errand{.queue = GithubQueue{{settings, std::move(exchange), std::move(clock)}},
                     .scopes = {},
                     .questions = {}})} {}

GithubJobsCollector::GithubJobsCollector(const GithubSettings& settings,
                                         std::shared_ptr<Errand> errand)
    : interval_{settings.interval},
      errand_{errand},
      straggler_{"github_jobs", [errand = std::move(errand)] { return Result{errand->run()}; }} {
    if (const auto url = platform::parse_http_url(settings.api_url)) {
        api_host_ = url->host;
    }
}

void GithubJobsCollector::ask_about(const Runner& runner) {
    const auto* job = newest_job(runner);
    const auto scope = scope_of(runner, api_host_);
    if (job == nullptr || !scope || !is_within(job->identity->repository, *scope)) {
        return;
    }
    auto& question = questions_[runner.name];
    if (question.started != job->started) {
        question = {.run = *job->identity,
                    .runner_id = *runner.files.value->settings->agent_id,
                    .started = job->started};
    }
}

void GithubJobsCollector::take_answers(const Now& now) {
    if (!sent_) {
        return;
    }
    if (straggler_.outstanding()) {
        if (now.boot - *sent_ > answer_patience) {
            lacks_ = Error{Errc::timeout, "GitHub's API: no answer about jobs"};
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
    for (const auto& [runner, seconds] : answers->waited) {
        const auto question = questions_.find(runner);
        if (question != questions_.end() &&
            question->second.started == errand_->questions.at(runner).started) {
            question->second.seconds = seconds;
        }
    }
}

Result<void> GithubJobsCollector::send(const Facts& seen, const Now& now) {
    if (sent_ || now.boot < next_round_) {
        return {};
    }
    errand_->scopes.clear();
    errand_->questions.clear();
    for (const auto& runner : seen.runners) {
        const auto scope = scope_of(runner, api_host_);
        // Jobs rightly wait for those that are busy.
        const bool idle = runner.api.value && !runner.api.value->busy;
        if (scope && idle && scope->starts_with("/repos/")) {
            errand_->scopes.insert(*scope);
        }
    }
    for (auto& [runner, question] : questions_) {
        if (!question.seconds && question.tries < most_tries) {
            ++question.tries;
            errand_->questions.emplace(runner, question);
        }
    }
    if (errand_->scopes.empty() && errand_->questions.empty()) {
        return {};
    }
    next_round_ = now.boot + interval_;
    if (auto started = straggler_.start(); !started) {
        return started;
    }
    sent_ = now.boot;
    return {};
}

// Job code can rewrite `.runner` for ever: no more is kept than what the runners say now.
void GithubJobsCollector::forget_strangers(const Facts& seen) {
    std::set<std::string> scopes;
    std::set<std::string> names;
    for (const auto& runner : seen.runners) {
        names.insert(runner.name);
        scopes.insert(scope_of(runner, api_host_).value_or(""));
    }
    std::erase_if(questions_, [&](const auto& one) { return !names.contains(one.first); });
    std::erase_if(queues_, [&](const auto& one) { return !scopes.contains(one.first); });
}

Result<Fill> GithubJobsCollector::collect(const Facts& seen, const Now& now) {
    forget_strangers(seen);
    for (const auto& runner : seen.runners) {
        ask_about(runner);
    }
    take_answers(now);
    if (const auto sent = send(seen, now); !sent) {
        return sent.error();
    }
    return fill(seen);
}

Fill GithubJobsCollector::fill(const Facts& seen) const {
    struct Told {
        Sourced<WaitingJobs> waiting;
        std::optional<QueueTime> queue_time;
    };
    std::map<std::string, Told> told;
    for (const auto& runner : seen.runners) {
        told[runner.name] = {.waiting = waiting_of(runner), .queue_time = queue_time_of(runner)};
    }
    return [told = std::move(told)](Facts& draft) {
        for (auto& runner : draft.runners) {
            const auto known = told.find(runner.name);
            const auto news = known == told.end() ? Told{} : known->second;
            runner.waiting = news.waiting;
            runner.queue_time = news.queue_time;
        }
    };
}

Sourced<WaitingJobs> GithubJobsCollector::waiting_of(const Runner& runner) const {
    const auto scope = scope_of(runner, api_host_);
    const auto queue = scope ? queues_.find(*scope) : queues_.end();
    if (queue == queues_.end() || !runner.api.value) {
        return {};
    }
    return {.value = waiting_for(*runner.api.value, queue->second),
            .taken = queue->second.answered};
}

std::optional<QueueTime> GithubJobsCollector::queue_time_of(const Runner& runner) const {
    const auto question = questions_.find(runner.name);
    if (question == questions_.end() || !question->second.seconds) {
        return std::nullopt;
    }
    return QueueTime{.started = question->second.started, .seconds = *question->second.seconds};
}

}  // namespace paws::collectors
