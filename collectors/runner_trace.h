// Runner trace: what the listener writes to its own trace (_diag/Runner_*.log), and whose job its
// worker has (_diag/Worker_*.log). Both lie where job code can write: files are opened beneath the
// runner's root and followed within bounds, and nothing of them but a few words is kept.
// May block as long as the file system does, so it lives on the probe "files".

#pragma once

#include "collectors/collector.h"
#include "collectors/tail.h"
#include "core/runner_facts.h"
#include "platform/beneath.h"
#include "platform/runner_directories.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::collectors {

// When the runner opened this trace, by its name: "Runner_20260102-030405-utc.log".
std::optional<WallTime> trace_opened(std::string_view name, std::string_view prefix);

class RunnerTraceCollector final : public Collector {
public:
    explicit RunnerTraceCollector(platform::RunnerDirectories directories)
        : directories_{std::move(directories)} {}
    std::string_view name() const override { return "runner_trace"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    struct Trace {
        std::string name;
        Tail tail;
    };
    struct Known {
        std::string root;
        std::optional<platform::FileStatus> listed;  // the directory, when its names were read
        std::vector<std::string> listeners;          // traces by age, the newest last
        std::vector<std::string> workers;
        std::vector<Trace> followed;               // the newest of the listeners'
        std::optional<Trace> worker;               // the newest of the running job's
        std::optional<platform::FileStatus> read;  // the worker's trace, when it was read
        RunnerTrace trace;
    };

    std::string look(const Runner& runner, Known& known, const Now& now) const;
    static Result<void> list(const platform::Beneath& diag, Known& known, const Now& now);
    static void follow(Known& known);
    static Result<void> read(const platform::Beneath& diag, Known& known, const Now& now);
    static void identify(const platform::Beneath& diag,
                         const std::optional<Job>& job,
                         Known& known);

    static void hear_worker(const platform::Beneath& diag,
                            const std::optional<Job>& job,
                            Known& known,
                            const Now& now);

    platform::RunnerDirectories directories_;
    std::map<std::string, Known> known_;  // by the runner's name
};

}  // namespace paws::collectors
