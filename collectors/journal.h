// JournalCollector: folds what runners print to the journal into their logs.
// A runner's history is read once, from its unit's last start, to know its state; what comes after
// the entry that was the newest when the collector began is counted too. Each round is bounded.

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
    struct Track {
        Speaker speaker;
        RunnerLines lines;
        int lines_of = 0;  // whose lines
        RunnerLog log;
        std::optional<std::uint32_t> uid;  // of the wrapper, and so of the jobs' hooks
        bool hooked = false;               // the running job's hook said whose it is
        std::string invocation;            // of the last start, when systemd knows it
        bool read = false;                 // its history
        bool heard = false;                // at least one line
        bool changed = true;
        std::optional<BootTime> told;  // when its log was handed out last
    };
    struct Budget {
        std::size_t entries = 0;
        std::size_t bytes = 0;
    };
    enum class Counting { no, yes };

    Result<void> open();
    void follow(const Facts& seen);
    Result<void> read(const Now& now);
    Result<void> aim();
    Result<bool> drain(Budget& budget);
    Result<std::size_t> read_history(const std::string& unit, Track& track, const Now& now);
    struct Span {
        std::string counted_from;  // the first entry after the start; empty when there is none
        std::string end;           // the entry to stop before; empty to read all
    };
    Result<std::size_t> replay(Track& track, const Span& span, const Now& now);
    Result<std::vector<std::string>> history_terms(const std::string& unit, Track& track);
    Result<void> find_wrapper(const std::vector<std::string>& terms, Track& track);
    Result<std::string> first_after(const std::vector<std::string>& terms,
                                    const std::string& cursor);
    Result<void> read_hooks(const std::string& unit, Track& track);
    Result<bool> read_hook(const Track& track, Job& job);
    JournalEntry entry() const;
    static bool hear_hook(Track& track, const JournalEntry& entry);
    static bool is_hook(const Track& track, const JournalEntry& entry);
    static void learn_traced_job(Track& track, const Runner& runner);
    static bool consume(Track& track, const JournalEntry& entry, Counting counting);
    Fill fill(const Facts& seen, const Now& now);

    platform::JournalPlace place_;
    JournalBounds bounds_;
    std::optional<platform::SdJournal> journal_;
    std::string began_;     // cursor: the newest entry when we began; empty: there was none
    std::string position_;  // cursor: the newest entry that was read
    bool placed_ = false;   // both are known
    bool aimed_ = false;    // the journal is matched and positioned for drain()
    std::map<std::string, Track> tracks_;  // by unit
};

}  // namespace paws::collectors
