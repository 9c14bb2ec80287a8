// TraceReader: reads what was added to the `_diag` traces of one runner, record by record. They lie
// where job code can write: files are opened beneath the runner's root, without symlinks, and all
// is bounded. They are looked at once a second and not watched by inotify(7): there, too, each
// write of a job would wake the agent. Blocks as long as the file system does.

#pragma once

#include "forwarder/position.h"
#include "forwarder/trace_records.h"
#include "platform/beneath.h"
#include "platform/runner_directories.h"

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
    Level level = Level::info;
    std::string component;
    std::string text;
};

struct TraceRead {
    std::vector<TraceLine> lines;
    TracePositions positions;  // after them
    bool more = false;         // the bound was reached
    std::string error;         // why nothing newer can be read
};

struct TraceBounds {
    std::size_t of_a_look = 1U << 20U;  // at least a record
    std::size_t longest_record = 1U << 20U;
    std::size_t chunk = 64U << 10U;
    std::size_t followed = 3;  // the newest of each kind, which may still grow
    std::size_t open_at_once = 16;
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
        bool is_newest = false;  // of its kind, or nearly: it may still grow
    };
    struct Seen {
        std::uint64_t size = 0;
        WallTime last;  // the head that was read last
    };
    // A trace that is open, with something to read.
    struct Unread {
        const Trace* trace = nullptr;
        platform::BeneathFile file;
        LastRecord last = LastRecord::may_grow;
        WallTime at;  // of what comes next in it, or somewhat before
    };

    Result<void> look(TraceRead& read, bool is_first, WallTime began, WallTime now);
    Result<void> list(const platform::Beneath& diag, WallTime now);
    void begin(const platform::Beneath& diag, TracePositions& positions, WallTime began) const;
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
                      std::uint64_t offset,
                      std::span<const TraceRecord> records,
                      TraceRead& read);
    void finish(TracePositions& positions, const std::string& first_left);

    platform::RunnerDirectories directories_;
    Subject subject_;
    TraceBounds bounds_;
    std::optional<platform::FileStatus> listed_;  // the directory, when its names were read
    std::vector<Trace> traces_;                   // the oldest first
    std::map<std::string, Seen> seen_;            // of those followed
    std::size_t left_ = 0;                        // bytes of this look
};

}  // namespace paws::forwarder
