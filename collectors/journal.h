// JournalCollector: folds what runners print to the journal into their logs.
// A runner's history is read once, from the start of its unit, to know its state; what comes after
// is counted too, each line once: from where its tally ends or, for a runner without one, from the
// entry that was the newest when the first collector began. Each round is bounded.

#pragma once

#include "collectors/all.h"
#include "collectors/journal_speaker.h"
#include "collectors/runner_log_lines.h"
#include "platform/sd_journal.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paws::collectors {

// A round reads no more than this; what is left is read in the next.
struct JournalBounds {
    std::size_t entries = 20'000;
    std::size_t bytes = 16U << 20U;
    std::size_t history = 10'000;  // entries of one runner's history
};

class JournalCollector final : public Collector, public Watch {
public:
    explicit JournalCollector(const Options& options, JournalBounds bounds = {});

    std::string_view name() const override { return "journal"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;
    Watch* watch() override { return this; }

    int fd() const override;
    bool stirred() override;

private:
    enum class Reading {
        history,  // what was counted, or came before the agent, is to be read for its state
        rest,     // what came after that, up to position_, is to be counted
        live,     // drain() reads it
    };
    struct Track {
        Speaker speaker;
        RunnerLines lines;
        int lines_of = 0;  // whose lines
        RunnerLog log;
        std::optional<std::uint32_t> uid;  // of the wrapper, and so of the jobs' hooks
        bool hooked = false;               // the running job's hook said whose it is
        std::string invocation;            // of the last start, when systemd knows it
        Reading reading = Reading::history;
        std::string reached;  // cursor, of the rest: where the last round ended
        bool heard = false;   // at least one line
        bool changed = true;
        std::optional<BootTime> told;        // when its log was handed out last
        std::optional<BootTime> workerless;  // since when its job has no worker
    };
    struct Budget {
        std::size_t entries = 0;
        std::size_t bytes = 0;
    };
    static bool is_live(const Track& track) { return track.reading == Reading::live; }

    Result<void> open();
    Track& track_of(const std::string& unit);
    void follow(const Facts& seen);
    Result<void> read(const Now& now);
    Result<void> aim();
    Result<bool> drain(Budget& budget);
    Result<void> catch_up(const std::string& unit, Track& track, Budget& budget, const Now& now);
    Result<void> read_history(const std::string& unit,
                              Track& track,
                              Budget& budget,
                              const Now& now);
    Result<void> read_rest(const std::string& unit, Track& track, Budget& budget);
    Result<bool> read_next(Track& track, Budget& budget);
    std::string counted_to(const Track& track) const;
    Result<bool> go_to_last(const std::vector<std::string>& terms, const std::string& cursor);
    Result<std::string> last_up_to(const std::vector<std::string>& terms,
                                   const std::string& cursor);
    Result<std::string> start_around(const std::string& unit, const std::string& cursor);
    Result<std::vector<std::string>> history_terms(const std::string& unit,
                                                   Track& track,
                                                   const std::string& cursor);
    Result<void> find_wrapper(const std::vector<std::string>& terms,
                              Track& track,
                              const std::string& start);
    Result<void> read_hooks(const std::string& unit, Track& track);
    Result<bool> read_hook(const Track& track, Job& job);
    JournalEntry entry();
    static bool hear_hook(Track& track, const JournalEntry& entry);
    static bool is_hook(const Track& track, const JournalEntry& entry);
    static void learn_traced_job(Track& track, const Runner& runner);
    static bool consume(Track& track, const JournalEntry& entry);
    Result<bool> count(const JournalEntry& entry);
    void miss_workers(const Facts& seen, const Now& now);
    Fill fill(const Facts& seen, const Now& now);

    platform::JournalPlace place_;
    JournalBounds bounds_;
    Tallies before_;     // what was counted by those before us
    bool whole_ = true;  // that is known
    std::optional<platform::SdJournal> journal_;
    std::string origin_;  // cursor: where runners without a tally begin; empty: at the first entry
    std::string position_;                 // cursor: the newest entry that was read
    bool placed_ = false;                  // both are known
    bool aimed_ = false;                   // the journal is matched and positioned for drain()
    std::map<std::string, Track> tracks_;  // by unit
};

}  // namespace paws::collectors
