// History: what outlives the agent, and when it is written: counters with their places in the
// journal, ended jobs, wishes. Lives on the loop; the store does the writing.
//
// What changed in a tick is saved after it, at most once a second; wishes at once, since who asked
// waits for that. What could not be saved stays here and is saved later: counters as they are then,
// jobs in their order. As long as it is not known what was counted before (the database is locked,
// say), nothing is saved and counters are not told.

#pragma once

#include "agent/probe.h"
#include "agent/store.h"
#include "core/snapshot.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace paws::agent {

class History {
public:
    using Jobs = Result<std::vector<RunnerJob>>;

    struct House {
        std::function<void()> known;  // what was kept is known, later than at open()
        std::function<void(const std::string&)> warn;
    };

    // Both of the house are called on the loop.
    History(boost::asio::io_context& loop,
            Clock clock,
            const std::string& path,
            House house,
            StoreBounds bounds = {});
    History(const History&) = delete;
    History& operator=(const History&) = delete;
    History(History&&) = delete;
    History& operator=(History&&) = delete;
    ~History() = default;

    // Waits at most `patience` for what was kept; the loop must not run yet.
    void open(std::chrono::milliseconds patience);
    // Saves what is left. False when the store is left behind.
    bool end(std::chrono::milliseconds patience);

    // Where counting goes on; nothing while that is not known.
    std::optional<Tallies> tallies() const;
    const WishesByRunner& wishes() const { return wishes_; }
    // What jobs that ran when the last agent ended had taken by then.
    const Meters& meters() const { return meters_; }
    void set_wishes(WishesByRunner wishes);
    // Calls `done` on the loop when the wishes of now are on the disk, or with what is in the way.
    void when_wishes_are_kept(std::function<void(Result<void>)> done);

    // What a tick found. To be told of every one, on the loop.
    void note(const Snapshot& snapshot);
    // How the store does, in the form of a collector.
    CollectorReport report() const;
    std::uint64_t corruptions() const { return store_.corruptions(); }
    Store& store() { return store_; }

    // `done` is called on the store's thread, or at once when it is too busy.
    void jobs(JobQuery query, std::function<void(Jobs)> done);
    // The same for threads that may wait.
    Jobs wait_for_jobs(const JobQuery& query, std::chrono::milliseconds patience);

private:
    struct JobKey {
        WallTime last_line;
        std::string name;
        bool identified = false;  // what it is and how long it waited may be learned after its end
        bool waited = false;
        bool operator==(const JobKey&) const = default;
    };
    static JobKey key_of(const RunnerJob& ended);

    void load();
    void loaded(Result<Kept> kept);
    void know(Kept kept);
    void note_runner(const Runner& runner, const RunnerJudgement& judged);
    void forget_runners(const Snapshot& snapshot);
    void plan();
    void save();
    void saved(const Result<void>& result, std::chrono::nanoseconds took);
    void acknowledge();
    void begin_anew();
    void fail(const Error& error);
    void tell_those_who_wait(const Result<void>& result);
    void tell_of_damage();
    bool meters_are_due(BootTime now) const;
    Changes unsaved(BootTime now) const;

    boost::asio::io_context& loop_;
    Clock clock_;
    House house_;
    StoreBounds bounds_;
    Store store_;
    boost::asio::steady_timer timer_;

    bool known_ = false;    // what was kept
    bool refused_ = false;  // the file is not ours to write: this run keeps nothing
    bool asking_ = false;   // the store has a question of ours
    std::optional<BootTime> saved_at_;
    std::chrono::nanoseconds pause_{};  // until the next try, after failures
    std::string error_;
    std::chrono::nanoseconds took_{};

    std::optional<std::string> origin_;
    RunnerTallies tallies_;  // of this run and of those before it
    WishesByRunner wishes_;
    std::uint64_t wishes_version_ = 1;
    std::vector<std::function<void(Result<void>)>> waiting_;  // for the wishes to be kept
    std::map<std::string, std::vector<JobKey>> recorded_;     // by runner: those of its last list
    std::vector<RunnerJob> jobs_;                             // not written yet, oldest first
    Meters meters_;

    // What the store has, and what it was asked to write last.
    std::optional<std::string> stored_origin_;
    RunnerTallies stored_;
    std::uint64_t stored_wishes_ = 1;
    Meters stored_meters_;
    BootTime meters_stored_at_{};
    Changes asked_;
    std::uint64_t asked_wishes_ = 1;
    std::uint64_t told_corruptions_ = 0;
};

}  // namespace paws::agent
