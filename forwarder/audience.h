// Audience: shows those who watch what goes to Loki, as it goes there. Costs nothing while nobody
// watches. Any thread.

#pragma once

#include "core/time.h"
#include "forwarder/batch.h"
#include "forwarder/streams.h"

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace paws::forwarder {

struct ShownLine {
    std::uint64_t number = 0;  // ascending, from 1
    WallTime at;
    std::string labels;
    std::string line;  // with its metadata as a suffix; cut when it is very long
};

class Audience {
public:
    // Lines with a higher number than `after`, the newest `most` of them. Whoever asks is taken for
    // watching for the next ten seconds.
    std::vector<ShownLine> lines_after(std::uint64_t after, std::size_t most, const Now& now);

    // When it was first asked: numbers begin anew with every Audience. Absent: not yet.
    std::optional<WallTime> since() const;

    void show(const Batch& batch, const Streams& streams, const Now& now);

private:
    mutable std::mutex mutex_;
    BootTime watched_until_{};
    std::optional<WallTime> since_;
    std::uint64_t last_ = 0;
    std::deque<ShownLine> lines_;
};

}  // namespace paws::forwarder
