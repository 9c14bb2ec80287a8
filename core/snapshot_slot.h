// SnapshotSlot: where the loop publishes and everyone else reads. All members may be called from
// any thread.

#pragma once

#include "core/snapshot.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace paws {

class SnapshotSlot {
public:
    void publish(std::shared_ptr<const Snapshot> snapshot) {
        {
            const std::lock_guard lock{mutex_};
            latest_ = std::move(snapshot);
        }
        published_.notify_all();
    }

    // Null until the first tick has finished.
    std::shared_ptr<const Snapshot> latest() const {
        const std::lock_guard lock{mutex_};
        return latest_;
    }

    // Waits until a snapshot newer than `sequence` is there, at most `patience`; then what is
    // there.
    std::shared_ptr<const Snapshot> newer_than(std::uint64_t sequence,
                                               std::chrono::milliseconds patience) const {
        std::unique_lock lock{mutex_};
        published_.wait_for(
            lock, patience, [&] { return latest_ && latest_->sequence > sequence; });
        return latest_;
    }

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable published_;
    std::shared_ptr<const Snapshot> latest_;
};

}  // namespace paws
