// Collection: the probes together, and one look at everything through them: first the hosts' stage
// side by side, then the runners' stage on what was found. Lives on the loop; never blocks it.

#pragma once

#include "agent/probe.h"
#include "collectors/all.h"
#include "core/snapshot.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace paws::agent {

// What one look found: the facts before it, overwritten by all that answered in time.
struct Look {
    Facts facts;
    std::vector<CollectorReport> collectors;
};

struct ConfiguredSource {
    collectors::Source source;
    std::chrono::nanoseconds deadline = std::chrono::seconds{1};
};

class Collection {
public:
    // `stirred` is called on the loop.
    Collection(boost::asio::io_context& loop, Clock clock, std::function<void()> stirred);
    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;
    Collection(Collection&&) = delete;
    Collection& operator=(Collection&&) = delete;
    ~Collection();

    // From the next look on. A probe that hangs keeps its thread and takes over when it returns.
    void use(std::vector<ConfiguredSource> sources);

    // Calls `done` once, on the loop, when every collector has answered or missed its deadline.
    // One look at a time.
    void look(Facts before, std::function<void(Look)> done);

    // Lets the probes end, waiting at most `patience`; false when one of them is left behind.
    bool end(std::chrono::milliseconds patience);

private:
    // A collector as the loop knows it.
    struct Entry {
        std::string name;
        collectors::Stage stage = collectors::Stage::hosts;
        std::chrono::nanoseconds deadline{};
        std::size_t report = 0;  // its place in reports_
    };
    struct Host {
        std::unique_ptr<Probe> probe;
        std::vector<Entry> entries;
        bool asked = false;  // in this stage
    };

    void take_over();
    Host& host_named(std::string_view name);
    void begin(collectors::Stage stage);
    bool ask(Host& host);
    void await_deadline(std::chrono::nanoseconds passed);
    void finish_stage(std::uint64_t round_number);
    void apply(const Host& host, Taken taken);
    void report_silence(const Host& host);
    void report_nothing_to_do();
    void finish();

    boost::asio::io_context& loop_;
    boost::asio::steady_timer deadline_;
    Clock clock_;
    std::function<void()> stirred_;
    std::vector<Host> hosts_;
    std::vector<CollectorReport> reports_;
    std::optional<std::vector<ConfiguredSource>> next_sources_;

    // Of the look that is going on.
    std::shared_ptr<Facts> draft_;
    std::shared_ptr<Round> round_;
    boost::asio::steady_timer::time_point begun_;
    std::uint64_t round_number_ = 0;  // a late answer names the round it belonged to
    collectors::Stage stage_ = collectors::Stage::hosts;
    std::function<void(Look)> done_;
    bool had_runners_ = false;
};

}  // namespace paws::agent
