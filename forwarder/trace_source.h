// TraceSource: the traces of all runners, each read by a thread of its own that may be left behind
// (a runner's directory may lie on a file system that hangs). The ship thread's side never waits.

#pragma once

#include "forwarder/intake.h"
#include "forwarder/journal_source.h"
#include "forwarder/roster.h"
#include "forwarder/trace_reader.h"
#include "platform/straggler.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace paws::forwarder {

// What a reader is asked.
struct TraceQuestion {
    std::optional<TracePositions> from;
    WallTime began;
    WallTime now;
};

class TraceSource {
public:
    // Takes a look, on a thread of its own: it may hang.
    using Look = std::function<TraceRead(TraceReader&, const TraceQuestion&)>;

    TraceSource(Intake& intake,
                platform::RunnerDirectories directories,
                TraceBounds bounds = {},
                Look look = look_at_files)
        : intake_{intake},
          directories_{std::move(directories)},
          bounds_{bounds},
          look_{std::move(look)} {}

    void open(const Position& from);

    // Takes what the readers have found, as far as their job is known or has been waited for, and
    // has them look again. No more than half of a batch is for them, and each runner has its turn.
    // To be called about once a second, sooner while it says `more`.
    Read read(Batch& batch, const BatchBounds& bounds, const Roster& roster, const Now& now);

    void tell(Position& position) const { position.traces = positions_; }
    // Why a runner's traces cannot be read; empty: they can.
    std::string trouble() const;

    static TraceRead look_at_files(TraceReader& reader, const TraceQuestion& question);

private:
    // Shared with the reader's thread; written while no question is outstanding.
    struct Task {
        TraceReader reader;
        TraceQuestion question;
    };
    struct Follower {
        std::string root;
        std::shared_ptr<Task> task;
        std::unique_ptr<platform::Straggler<TraceRead>> straggler;
        BootTime asked_at{};
        std::optional<TraceRead> found;  // and not all taken yet
        std::size_t taken = 0;           // lines of it
        BootTime found_at{};
        Streams::Place streams;
        std::string error;
    };

    void follow(const Roster& roster);
    void forget(const Roster& roster, const Now& now);
    bool forget_oldest(const Roster& roster);
    Follower make(const RosterRunner& runner);
    void ask(const std::string& name, Follower& follower, const Now& now);
    static void collect(Follower& follower, const Now& now);
    static bool must_wait(const Follower& follower, const RosterRunner& runner, const Now& now);
    Read serve(Batch& batch,
               const BatchBounds& bounds,
               const RosterRunner& runner,
               Follower& follower,
               const Now& now);
    bool take(Batch& batch,
              const BatchBounds& bounds,
              const RosterRunner& runner,
              Follower& follower);
    void take_line(Batch& batch,
                   const RosterRunner& runner,
                   const Follower& follower,
                   const TraceLine& line);

    Intake& intake_;
    platform::RunnerDirectories directories_;
    TraceBounds bounds_;
    Look look_;
    WallTime began_{};
    std::map<std::string, TracePositions> positions_;  // by runner
    std::map<std::string, BootTime> known_at_;         // those of them, when last
    BootTime forget_at_{};
    std::map<std::string, Follower> followers_;
    std::string turn_;  // the runner to begin with
    Metadata metadata_;
};

}  // namespace paws::forwarder
