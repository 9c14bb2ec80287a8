// Intake: every line goes through here on its way into a batch: it becomes valid text without
// secrets, is cut where Loki would refuse its length, and is counted. One thread.

#pragma once

#include "forwarder/batch.h"
#include "forwarder/redactor.h"
#include "forwarder/streams.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace paws::forwarder {

// Loki refuses lines above max_line_size, 256 KiB by default; the rest is for the metadata, which
// is part of the line where it has to be.
inline constexpr std::size_t longest_part = 240U << 10U;

// Tells writers apart whose lines come mixed: a stream of the journal, a file.
struct Writer {
    std::string_view first;
    std::string_view second;

    std::string key() const { return std::string{first} + "/" + std::string{second}; }
};

struct Line {
    LogSource source = LogSource::journal;
    StreamId stream = 0;
    WallTime at;
    std::string_view text;
    Writer writer;
};

class Intake {
public:
    Intake(Streams streams, Redactor redactor)
        : streams_{std::move(streams)}, redactor_{std::move(redactor)} {}

    Streams& streams() { return streams_; }
    const Streams& streams() const { return streams_; }

    void take(Batch& batch, const Line& line, const Metadata& metadata);
    // For words that come with lines: names of jobs, identifiers.
    std::string without_secrets(std::string_view word);

    void lost(LogLoss why, std::uint64_t count = 1) { counts_.lost[why] += count; }
    void found_gap() { ++counts_.gaps; }

    // Goes on from what was kept.
    void resume(const LogCounts& before, OpenKeys open_keys);
    LogCounts counts() const;
    // Of the writers that are inside a private key.
    const OpenKeys& open_keys() const { return open_keys_; }
    // Those whose writer has been silent while many others wrote: it ended within a key.
    void forget_broken_keys();

private:
    std::string_view redact(const Line& line);
    void keep_open(const Writer& writer, OpenKey key);
    static std::size_t cut(Batch& batch,
                           const Line& line,
                           std::string_view text,
                           const Metadata& metadata);

    Streams streams_;
    Redactor redactor_;
    LogCounts counts_;
    std::array<std::uint64_t, log_sources.size()> read_{};
    OpenKeys open_keys_;
    std::uint64_t lines_seen_ = 0;
    std::string valid_;
};

}  // namespace paws::forwarder
