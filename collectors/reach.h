// ReachCollector: whether this host reaches the servers that its runners need, tried once a minute
// by each runner's own way, through its proxy. It tells a dead listener from a dead network.
//
// Which servers those are says `.runner`, which job code can write: so each attempt is a GET of a
// fixed path over TLS with a verified certificate, nothing of the answer is kept but its status and
// its date, and the number of ways is bounded. A job could ask the same itself.
//
// An attempt that fails after one that succeeded is repeated soon and counts when that fails too:
// one lost packet must not pass for an outage, which would explain a dead listener's silence for
// minutes. A resolver that
// does not come back at all counts at once.
//
// It never waits for the network: each way has a Straggler, and a round publishes what has come.

#pragma once

#include "collectors/collector.h"
#include "core/github_facts.h"
#include "platform/http_client.h"
#include "platform/straggler.h"

#include <compare>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace paws::collectors {

// How one server is tried.
struct Way {
    std::string host;
    std::uint16_t port = 443;
    std::string target = "/";
    std::string proxy;  // "host:port"; empty: none

    auto operator<=>(const Way&) const = default;  // NOLINT(modernize-use-nullptr): none is there
};

struct NeededServer {
    Way way;
    bool polled = false;  // the listener waits for its jobs there
};

// The servers of a runner's settings, without what is no https URL.
std::vector<NeededServer> needed_servers(const RunnerSettings& settings, const std::string& proxy);

// What an answer says. Ours is behind by the smallest amount that explains the answer's date: that
// names a full second, somewhere between the request and the answer.
Reach judge_answer(const platform::HttpAnswer& answer, const Now& asked, const Now& answered);

class ReachCollector final : public Collector {
public:
    using Exchange = std::function<platform::HttpResult(const platform::HttpRequest&,
                                                        const platform::HttpOptions&)>;
    using Clock = std::function<Now()>;
    struct Pace {
        std::chrono::nanoseconds interval = std::chrono::seconds{60};
        std::chrono::nanoseconds repeat = std::chrono::seconds{5};  // of one that is in doubt
        std::chrono::milliseconds patience{10'000};  // with a server, once its name is known
    };

    // Both are called on the stragglers' threads.
    ReachCollector(Exchange exchange, Clock clock, const Pace& pace);
    ReachCollector(Exchange exchange, Clock clock)
        : ReachCollector{std::move(exchange), std::move(clock), Pace{}} {}

    std::string_view name() const override { return "reach"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;
    std::optional<Error> shortfall() const override { return shortfall_; }

private:
    struct Attempt {
        platform::Straggler<Reach> straggler;
        std::optional<Now> asked;  // when the last one began
        std::optional<Reach> last;
        bool doubted = false;  // it failed after a good one
    };

    Attempt& attempt(const Way& way);
    void renew(const Way& way, Attempt& attempt, const Now& now);
    bool is_due(const Attempt& attempt, const Now& now) const;
    Reaches reaches_of(const RunnerFiles& files, std::set<Way>& used, const Now& now);

    Exchange exchange_;
    Clock clock_;
    Pace pace_;
    std::map<Way, Attempt> attempts_;
    std::optional<Error> shortfall_;
};

}  // namespace paws::collectors
