// GithubJobsCollector: which jobs wait at GitHub that a runner of this host could take, and how
// long the job that it runs had waited. The first is the one sign of a listener that GitHub calls
// online and gives nothing to (actions/runner#4446).
//
// Waiting jobs are asked for by repository: GitHub keeps no list of them for an organisation. It
// never waits for the network (a Straggler asks), and what one round may ask is bounded, since job
// code can say which run its job belongs to.

#pragma once

#include "collectors/collector.h"
#include "collectors/github_queue.h"
#include "platform/straggler.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paws::collectors {

// Questions to GitHub in one round, all repositories together: 1,200 an hour of its 5,000.
inline constexpr unsigned job_questions = 20;

class GithubJobsCollector final : public Collector {
public:
    // Both are called on the straggler's thread.
    GithubJobsCollector(const GithubSettings& settings,
                        GithubClient::Exchange exchange,
                        GithubClient::Clock clock);
    std::string_view name() const override { return "github_jobs"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;
    std::optional<Error> shortfall() const override { return lacks_; }

private:
    // How long a runner's job had waited.
    struct Question {
        JobIdentity run;
        std::uint64_t runner_id = 0;
        WallTime started;
        unsigned tries = 0;
        std::optional<double> seconds{};
    };
    struct Answers {
        std::map<std::string, Queue> queues;   // by scope
        std::map<std::string, double> waited;  // by runner
        std::optional<Error> error;            // the first
        GithubLimits limits;
    };
    struct Errand;  // what the straggler is sent for; only one of the two threads has it at a time

    GithubJobsCollector(const GithubSettings& settings, std::shared_ptr<Errand> errand);

    void forget_strangers(const Facts& seen);
    void ask_about(const Runner& runner);
    void take_answers(const Now& now);
    Result<void> send(const Facts& seen, const Now& now);
    Sourced<WaitingJobs> waiting_of(const Runner& runner) const;
    std::optional<QueueTime> queue_time_of(const Runner& runner) const;
    Fill fill(const Facts& seen) const;

    std::chrono::nanoseconds interval_;
    std::string api_host_;
    std::shared_ptr<Errand> errand_;
    platform::Straggler<Answers> straggler_;
    std::map<std::string, Queue> queues_;        // by scope, as GitHub told them last
    std::map<std::string, Question> questions_;  // by runner
    std::optional<BootTime> sent_;               // the errand that is under way
    BootTime next_round_{};
    unsigned failures_ = 0;  // in a row
    std::optional<Error> lacks_;
};

}  // namespace paws::collectors
