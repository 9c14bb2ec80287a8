// Ledger: where the forwarder's position and counts outlive it; the agent's store has it.

#pragma once

#include "core/job.h"
#include "core/result.h"
#include "forwarder/progress.h"

#include <functional>
#include <optional>
#include <vector>

namespace paws::forwarder {

class Ledger {
public:
    struct Kept {
        std::optional<Progress> progress;          // nothing: nothing was shipped yet
        std::vector<RunnerJob> jobs;               // that ended after it, as far as they are known
        std::vector<QuarantinedLine> quarantined;  // the last few
    };

    virtual ~Ledger() = default;
    // `done` may be called on another thread, later or at once. Errc::unavailable: nothing can be
    // kept in this run.
    virtual void load(std::function<void(Result<Kept>)> done) = 0;
    virtual void commit(Progress progress,
                        std::vector<QuarantinedLine> quarantined,
                        std::function<void(Result<void>)> done) = 0;
};

}  // namespace paws::forwarder
