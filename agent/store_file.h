// StoreFile: the agent's database, open (SQLite through SQLiteCpp). Blocks on the disk: only the
// store's thread uses it.
//
// What became of an error: Errc::timeout another process holds a lock, Errc::malformed the file is
// damaged, Errc::unavailable it is not ours to write (of a newer agent, of another program),
// Errc::absent it is not there (any more), others are the disk's or the rights'.

#pragma once

#include "agent/log_rows.h"
#include "agent/meter_rows.h"
#include "core/job.h"
#include "core/result.h"
#include "core/runner_facts.h"
#include "core/time.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace paws::agent {

// What is kept, by age and size: the oldest jobs go first.
struct StoreBounds {
    std::chrono::nanoseconds keep = std::chrono::days{90};  // ended jobs
    std::uint64_t bytes = 64U << 20U;
    std::size_t runners = 200;  // whose counters are kept
};

using WishesByRunner = std::map<std::string, Wish>;  // by runner

struct RunnerTally {
    std::string unit;
    Tally tally;

    bool operator==(const RunnerTally&) const = default;
};
using RunnerTallies = std::map<std::string, RunnerTally>;  // by runner

struct Kept {
    std::optional<std::string> origin;  // Tallies::origin
    RunnerTallies tallies;
    WishesByRunner wishes;
    Meters meters;
};

// What is written together or not at all: counters never come without the place that they are good
// for, and a job never without its counters.
struct Changes {
    std::optional<std::string> origin;     // Tallies::origin
    RunnerTallies tallies;                 // those that changed
    std::vector<RunnerJob> jobs;           // those that are known already are left as they are
    std::optional<WishesByRunner> wishes;  // all there are
    std::optional<Meters> meters;          // all there are

    bool empty() const { return !origin && tallies.empty() && jobs.empty() && !wishes && !meters; }
};

class StoreFile {
public:
    // Makes or migrates it as needed.
    static Result<StoreFile> open(const std::string& path, StoreBounds bounds = {});
    StoreFile(StoreFile&&) noexcept;
    StoreFile& operator=(StoreFile&&) noexcept;
    StoreFile(const StoreFile&) = delete;
    StoreFile& operator=(const StoreFile&) = delete;
    ~StoreFile();

    bool is_new() const { return is_new_; }

    Result<Kept> load();
    Result<void> save(const Changes& changes, WallTime now);
    Result<std::vector<RunnerJob>> jobs(const JobQuery& query);
    Result<forwarder::Ledger::Kept> load_logs();
    Result<void> save_logs(const LogSave& save);
    // Keeps it within its bounds, a limited step each time.
    Result<void> tidy(WallTime now);

private:
    struct Identity {
        dev_t device = 0;
        ino_t inode = 0;
    };

    StoreFile(std::string path, StoreBounds bounds, Identity identity);

    Result<void> open();
    Result<void> still_there() const;

    std::string path_;
    StoreBounds bounds_;
    Identity identity_;
    std::unique_ptr<SQLite::Database> database_;
    bool is_new_ = false;
};

}  // namespace paws::agent
