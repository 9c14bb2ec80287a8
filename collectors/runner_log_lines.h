// RunnerLines: tells the lines that a listener printed from those that a job's name adds to them.
//
// A job's name is the workflow's text and may hold line breaks. journald takes a service's stdout
// as a stream and makes each line an entry of its own (systemd-journald.service(8)), so a name
// "a\n2026-01-12 08:00:04Z: Listening for Jobs" becomes two entries that look alike. What tells
// them apart: the name is printed by one write, so its lines come together, while a listener that
// has said "Running job" is silent until a worker has started. Lines that come within `together`
// of a "Running job" line are therefore taken as part of its name, and so are as many lines of the
// "Job ... completed" that repeats the name. Entries that journald itself had to cut (_LINE_BREAK)
// are continued by the next one. One for each wrapper process; pure.

#pragma once

#include "collectors/runner_log.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

struct LogLine {
    std::string_view text;
    WallTime at;          // when the journal took it
    bool broken = false;  // the journal cut it short: the next entry is its rest
};

class RunnerLines {
public:
    // journald reads a stream about a kilobyte at a time and serves others between.
    static constexpr std::chrono::milliseconds together{100};
    static constexpr std::chrono::seconds longest_write{1};

    std::optional<ListenerEvent> next(const LogLine& line);

private:
    struct Name {
        std::string first;     // the first line of the running job's name
        std::size_t more = 0;  // how many lines follow it
    };
    struct Open {
        WallTime began;    // when its first line came
        WallTime at;       // and its newest
        WallTime printed;  // the time that its first line names
        bool finishing = false;
        std::size_t more = 0;
    };

    bool belongs(const LogLine& line) const;
    bool opens_end(const LogLine& line) const;
    std::optional<ListenerEvent> add(const LogLine& line);
    std::optional<ListenerEvent> begin(const LogLine& line);

    bool rest_follows_ = false;
    std::optional<Name> running_;
    std::optional<Open> open_;  // lines that come now belong to a name
};

}  // namespace paws::collectors
