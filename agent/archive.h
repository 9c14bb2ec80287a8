// Archive: the store's file by its name, through what may become of it: it is opened when it is
// needed, set aside when it is damaged, begun anew when it is gone. The store's thread alone.

#pragma once

#include "agent/store_file.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

namespace paws::agent {

class Archive {
public:
    Archive(std::string path, StoreBounds bounds) : path_{std::move(path)}, bounds_{bounds} {}

    Result<Kept> load(WallTime now);
    // Errc::absent: the file is another one now, which holds nothing of what was saved before.
    Result<void> save(const Changes& changes, WallTime now);
    Result<std::vector<RunnerJob>> jobs(const JobQuery& query, WallTime now);
    // The same for log shipping, which always saves all that there is to know. Once its load was
    // refused for good nothing is saved any more: who went on without knowing the place must not
    // overwrite the one in a file that is put back.
    Result<forwarder::Ledger::Kept> load_logs(WallTime now);
    Result<void> save_logs(const LogSave& save, WallTime now);
    void close() { file_.reset(); }

    // Why the newest of log shipping is not saved; empty: it is. From any thread.
    std::string logs_trouble() const;
    // How many damaged files were set aside. From any thread.
    std::uint64_t corruptions() const { return corruptions_; }

private:
    Result<StoreFile*> file(WallTime now);
    Result<StoreFile*> file_to_save(WallTime now);
    Result<void> try_save_logs(const LogSave& save, WallTime now);
    void take(const Error& failed, WallTime now);
    void set_aside(WallTime now);
    void tidy(WallTime now);

    std::string path_;
    StoreBounds bounds_;
    std::optional<StoreFile> file_;
    bool begun_anew_ = false;
    std::optional<Error> logs_refused_;
    mutable std::mutex mutex_;
    std::string logs_trouble_;
    std::optional<WallTime> tidied_;
    std::atomic<std::uint64_t> corruptions_ = 0;
};

}  // namespace paws::agent
