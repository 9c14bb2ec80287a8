// GithubApiCollector: what GitHub itself says of this host's runners, by one list a scope (a
// repository, an organisation, an enterprise) and interval.
// It never waits for the network: a Straggler asks, and each round publishes what has come by then.
// A list that failed says nothing about anyone, and what the one before said keeps its age.

#pragma once

#include "collectors/collector.h"
#include "collectors/github_runners.h"
#include "platform/straggler.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::collectors {

// Of one host. Job code can write the gitHubUrl of its runner, so the number of lists is bounded.
inline constexpr std::size_t scope_limit = 32;

class GithubApiCollector final : public Collector {
public:
    // Both are called on the straggler's thread.
    GithubApiCollector(const GithubSettings& settings,
                       GithubClient::Exchange exchange,
                       const GithubClient::Clock& clock);
    std::string_view name() const override { return "github_api"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;
    // The scopes whose last list failed, or that nothing answers at all.
    std::optional<Error> shortfall() const override;

private:
    using Answers = std::map<std::string, ListAnswer>;
    struct Errand;  // what the straggler is sent for; only one of the two threads has it at a time

    struct Scope {
        std::optional<Listing> list;  // the last complete one
        std::optional<Error> lacks;   // why the last try gave none
        std::optional<BootTime> tried;
        BootTime not_before{};
        unsigned failures = 0;  // in a row
    };

    GithubApiCollector(const GithubSettings& settings, std::shared_ptr<Errand> errand);

    void remember_scopes(const Facts& seen);
    void take_answers(const Now& now);
    void absorb(const std::string& name, const ListAnswer& answer, const Now& now);
    std::vector<std::string> due(const Now& now) const;
    Result<void> send(const Now& now);
    Fill fill(const Facts& seen) const;
    GithubApi health() const;

    std::chrono::nanoseconds interval_;
    std::string api_host_;
    std::map<std::string, Scope> scopes_;
    std::shared_ptr<Errand> errand_;
    platform::Straggler<Answers> straggler_;
    std::optional<BootTime> sent_;  // the errand that is under way
    BootTime next_round_{};
    std::optional<Error> lost_;  // why no errand comes back
    std::optional<std::uint64_t> requests_left_;
    bool too_many_scopes_ = false;
};

}  // namespace paws::collectors
