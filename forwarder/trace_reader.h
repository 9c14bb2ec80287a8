// TraceReader: reads what was added to the `_diag` traces of one runner, record by record. They lie
// where job code can write: files are opened beneath the runner's root, without symlinks, and all
// is bounded. They are looked at once a second and not watched by inotify(7): there, too, each
// write of a job would wake the agent. Blocks as long as the file system does.

#pragma once

#include "forwarder/position.h"
#include "forwarder/trace_records.h"
#include "platform/beneath.h"
#include "platform/runner_directories.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace paws::forwarder {

struct TraceLine {
    std::string file;
    WallTime at;  // told apart below the second by the place in the file
    // When it can have been written at the earliest: what its head says any job can have written.
    WallTime not_before;
    Level level = Level::info;
    std::string component;
    std::string text;
    FilePosition upto;  // where its file stands after it
};

struct TraceRead {
    std::vector<TraceLine> lines;
    TracePositions before;     // them
    TracePositions positions;  // after them
    bool more = false;         // the bound was reached
    std::string error;         // why nothing newer can be read
};

struct TraceBounds {
    std::size_t of_a_look = 1U << 20U;  // at least a record
    std::size_t longest_record = 1U << 20U;
    std::size_t chunk = 64U << 10U;
    std::size_t newest = 3;     // of each kind, which are followed in any case
    std::size_t followed = 32;  // beyond it those go first that were not written to for longest
    std::size_t open_at_once = 16;
    // Others are done with when they were not written to for that long: a listener that waits for a
    // job may write nothing for days.
    std::chrono::nanoseconds quiet = std::chrono::days{7};
};

class TraceReader {
public:
    // Whose traces they are: its name and where it is installed.
    struct Subject {
        std::string runner;
        std::string root;
    };

    TraceReader(platform::RunnerDirectories directories, Subject subject, TraceBounds bounds = {})
        : directories_{std::move(directories)}, subject_{std::move(subject)}, bounds_{bounds} {}

    // What came after `from`. Without it those from before `began` are left alone.
    TraceRead read(const std::optional<TracePositions>& from, WallTime began, WallTime now);

private:
    struct Trace {
        std::string name;
        std::string stamp;
        WallTime opened;         // the time of what has no head of its own
        bool is_newest = false;  // of its kind, or nearly, or ahead of the clock: it may grow
        bool has_come = false;   // since the names were read before
    };
    struct Seen {
        std::uint64_t size = 0;
        WallTime written;  // when it was seen to grow, or by its own time before
        WallTime read_at;  // when it was last read to its end
        WallTime last;     // the head that was read last
    };
    // A trace that is open, with something to read.
    struct Unread {
        const Trace* trace = nullptr;
        platform::BeneathFile file;
        LastRecord last = LastRecord::may_grow;
        WallTime at;  // of what comes next in it, or somewhat before
    };

    Result<void> look(TraceRead& read, bool is_first, WallTime began);
    Result<void> list(const platform::Beneath& diag);
    void mark_newest(std::vector<Trace>& of_kind) const;
    void begin(const platform::Beneath& diag, TracePositions& positions, WallTime began) const;
    void keep_behind_now(const platform::Beneath& diag, TracePositions& positions) const;
    bool is_followed(const Trace& trace, const TracePositions& positions) const;
    struct Opened {
        std::vector<Unread> unread;
        std::string first_left;  // the stamp of the first that waits for these; empty: none does
    };

    Opened open_unread(const platform::Beneath& diag, TraceRead& read);
    std::optional<Unread> open_trace(const platform::Beneath& diag,
                                     const Trace& trace,
                                     TraceRead& read);
    void read_merged(std::vector<Unread> unread, TraceRead& read);
    bool take_chunk(Unread& from, WallTime until, TraceRead& read);
    void take_records(const Unread& from,
                      std::span<const TraceRecord> records,
                      std::size_t used,
                      TraceRead& read);
    void finish(TracePositions& positions, const std::string& first_left);
    bool may_be_done(const Trace& trace,
                     const TracePositions& positions,
                     const std::string& first_left) const;

    platform::RunnerDirectories directories_;
    Subject subject_;
    TraceBounds bounds_;
    std::optional<platform::FileStatus> listed_;  // the directory, when its names were read
    bool has_listed_ = false;
    std::vector<Trace> traces_;         // the oldest first
    std::map<std::string, Seen> seen_;  // of those followed
    WallTime now_{};                    // of this look
    std::size_t left_ = 0;              // bytes of it
};

}  // namespace paws::forwarder
