// GithubJobsCollector: which jobs wait at GitHub that a runner of this host could take, and how
// long the jobs that it ran had waited. The first is the one sign of a listener that GitHub calls
// online and gives nothing to (actions/runner#4446).
//
// Waiting jobs are asked for by repository: GitHub keeps no list of them for an organisation. It
// never waits for the network (a Straggler asks), and what one round may ask is bounded, since job
// code can say which repository its runner is of and which run its job belongs to.

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

// Questions to GitHub in one round, of all repositories together: 1,440 an hour. The credential may
// be that of many hosts, so nothing is asked when GitHub leaves it fewer than the reserve.
inline constexpr unsigned job_questions = 24;
inline constexpr std::uint64_t requests_reserve = 1'000;

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
    // How long one job of a runner had waited.
    struct Question {
        std::string runner;
        JobIdentity run;
        std::uint64_t runner_id = 0;
        WallTime started;
        unsigned tries = 0;
        std::optional<double> seconds{};

        bool is_same(const Question& other) const {
            return runner == other.runner && started == other.started && run == other.run;
        }
    };
    struct Answers {
        std::map<std::string, Queue> queues;  // by scope
        std::vector<Question> asked;          // with their tries and what was learned
        std::optional<Error> error;           // the first
        GithubLimits limits;
    };
    struct Errand;  // what the straggler is sent for; only one of the two threads has it at a time

    GithubJobsCollector(const GithubSettings& settings, std::shared_ptr<Errand> errand);

    void forget_strangers(const Facts& seen);
    void note_questions(const Facts& seen, const Now& now);
    void take_answers(const Now& now);
    std::vector<std::string> scopes_to_ask(const Facts& seen, const Now& now) const;
    Result<void> send(const Facts& seen, const Now& now);
    Sourced<WaitingJobs> waiting_of(const Runner& runner) const;
    std::vector<QueueTime> queue_times_of(const Runner& runner) const;
    Fill fill(const Facts& seen) const;

    std::chrono::nanoseconds interval_;
    std::string api_host_;
    std::shared_ptr<Errand> errand_;
    platform::Straggler<Answers> straggler_;
    std::map<std::string, Queue> queues_;    // by scope, as GitHub told them last
    std::map<std::string, BootTime> asked_;  // by scope: when the last errand went there
    std::vector<Question> questions_;        // of the jobs that runners remember
    std::optional<BootTime> sent_;           // the errand that is under way
    BootTime next_round_{};
    unsigned failures_ = 0;  // in a row
    std::optional<Error> lacks_;
};

}  // namespace paws::collectors
