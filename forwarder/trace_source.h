// TraceSource: the traces of all runners, each read by a thread of its own that may be left behind
// (a runner's directory may lie on a file system that hangs). The ship thread's side never waits.

#pragma once

#include "forwarder/intake.h"
#include "forwarder/journal_source.h"
#include "forwarder/roster.h"
#include "forwarder/trace_reader.h"
#include "platform/straggler.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace paws::forwarder {

class TraceSource {
public:
    TraceSource(Intake& intake, platform::RunnerDirectories directories, TraceBounds bounds = {})
        : intake_{intake}, directories_{std::move(directories)}, bounds_{bounds} {}

    void open(const Position& from);

    // Takes what the readers have found, as far as their job is known or has been waited for, and
    // has them look again. To be called about once a second, sooner while it says `more`.
    Read read(Batch& batch, const BatchBounds& bounds, const Roster& roster, const Now& now);

    void tell(Position& position) const { position.traces = positions_; }
    // Why a runner's traces cannot be read; empty: they can.
    std::string trouble() const;

private:
    // What a reader is asked, shared with its thread; written while no question is outstanding.
    struct Question {
        TraceReader reader;
        std::optional<TracePositions> from;
        WallTime began;
        WallTime now;
    };
    struct Follower {
        std::string root;
        std::shared_ptr<Question> question;
        std::unique_ptr<platform::Straggler<TraceRead>> straggler;
        std::optional<TraceRead> found;  // and not taken yet
        BootTime found_at{};
        StreamId streams = 0;
        std::string error;
    };

    void follow(const Roster& roster);
    Follower make(const RosterRunner& runner);
    void ask(const std::string& name, Follower& follower, const Now& now);
    static void collect(Follower& follower, const Now& now);
    static bool must_wait(const Follower& follower, const RosterRunner& runner, const Now& now);
    bool take(Batch& batch, const RosterRunner& runner, Follower& follower);

    Intake& intake_;
    platform::RunnerDirectories directories_;
    TraceBounds bounds_;
    WallTime began_{};
    std::map<std::string, TracePositions> positions_;  // by runner
    std::map<std::string, Follower> followers_;
};

}  // namespace paws::forwarder
