// Ticker: when to look, and what becomes of it: judged, published whole, told to who waits.
// Lives on the loop. At most ten ticks a second, one at least every `idle`.

#pragma once

#include "agent/collection.h"
#include "core/snapshot_slot.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace paws::agent {

struct Pace {
    std::chrono::nanoseconds idle = std::chrono::seconds{5};
    std::chrono::nanoseconds shortest = std::chrono::milliseconds{100};
};

using Published = std::shared_ptr<const Snapshot>;

// Whoever asks gets what is younger than a second at once; for what is older a tick is asked for,
// and waited for this long.
inline constexpr std::chrono::milliseconds patience_for_a_tick{250};
inline bool is_recent(const Published& published, const Now& now) {
    return published && now.boot - published->taken.boot <= std::chrono::seconds{1};
}

class Ticker {
public:
    // `told` hears of each finished tick, after it is published.
    Ticker(boost::asio::io_context& loop,
           Clock clock,
           SnapshotSlot& slot,
           std::function<void(const Snapshot&)> told);
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;
    Ticker(Ticker&&) = delete;
    Ticker& operator=(Ticker&&) = delete;
    ~Ticker() = default;

    Collection& collection() { return collection_; }
    // Adds to the facts, before they are judged, what no collector knows.
    void set_complement(std::function<void(Facts&)> complement) {
        complement_ = std::move(complement);
    }
    // What the agent before this one had measured of jobs, by runner: goes on when one is seen.
    void resume(std::map<std::string, JobMeter> meters) { resumed_ = std::move(meters); }
    void set_pace(Pace pace) { pace_ = pace; }
    void set_reload_successful(bool successful) { reload_successful_ = successful; }
    // Adds what the agent knows of itself to a tick before it is published.
    void set_own(std::function<void(Snapshot&)> own) { own_ = std::move(own); }

    // Facts may have changed: brings the next tick forward.
    void wake();
    // Somebody has seen `sequence` and wants a newer one: a tick, unless one is on its way.
    void ask_newer_than(std::uint64_t sequence);
    // What is newer than `sequence`, or what is there after `patience`; null before the first tick.
    boost::asio::awaitable<Published> newer_than(std::uint64_t sequence,
                                                 std::chrono::milliseconds patience);

private:
    void start();
    void finish(Look look);
    Judgement with_resumed(Judgement past, const Facts& facts);
    void schedule(std::chrono::nanoseconds after_start);

    boost::asio::io_context& loop_;
    Clock clock_;
    SnapshotSlot& slot_;
    std::function<void(const Snapshot&)> told_;
    std::function<void(Facts&)> complement_;
    std::function<void(Snapshot&)> own_ = [](Snapshot&) {};
    std::map<std::string, JobMeter> resumed_;
    Pace pace_;
    Collection collection_;
    boost::asio::steady_timer next_;
    std::optional<boost::asio::steady_timer::time_point> due_;  // what next_ was set for
    boost::asio::steady_timer::time_point started_{};
    bool running_ = false;
    bool stirred_meanwhile_ = false;
    bool reload_successful_ = true;
    std::vector<std::shared_ptr<boost::asio::steady_timer>> waiting_;
};

}  // namespace paws::agent
