// Batch: lines on their way to Loki, in the order in which they were read, each encoded as Loki's
// push API takes it (logproto: EntryAdapter, push.proto), with the place up to which it has read.

#pragma once

#include "core/time.h"
#include "forwarder/progress.h"
#include "forwarder/streams.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paws::forwarder {

struct BatchBounds {
    std::size_t bytes = 1U << 20U;
    std::size_t lines = 20'000;
    std::chrono::nanoseconds wait = std::chrono::seconds{1};  // from its first line on
};

// Structured metadata of a line, encoded (EntryAdapter.structuredMetadata).
class Metadata {
public:
    void add(std::string_view name, std::string_view value);
    void append(const Metadata& more) { bytes_ += more.bytes_; }
    void clear() { bytes_.clear(); }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

// A line, decoded again.
struct Entry {
    WallTime at;
    std::string_view line;
    std::vector<std::pair<std::string_view, std::string_view>> metadata;
};

class Batch {
public:
    struct Item {
        WallTime at{};
        StreamId stream = 0;
        std::uint32_t offset = 0;  // of its entry in the batch
        std::uint32_t size = 0;
    };

    void add(StreamId stream, WallTime at, std::string_view line, const Metadata& metadata);
    void clear();

    bool empty() const { return items_.empty(); }
    std::span<const Item> items() const { return items_; }
    std::size_t bytes() const { return bytes_.size(); }
    bool is_full(const BatchBounds& bounds) const {
        return bytes() >= bounds.bytes || items_.size() >= bounds.lines;
    }
    std::optional<WallTime> oldest() const { return oldest_; }
    // For lines whose own time may be a lie.
    void set_oldest(std::optional<WallTime> oldest) { oldest_ = oldest; }

    // Of items of this batch.
    Entry decode(const Item& item) const;
    std::string_view encoded(const Item& item) const {
        return std::string_view{bytes_}.substr(item.offset, item.size);
    }

    struct Part {
        std::size_t bytes = 0;
        std::size_t lines = 0;
    };
    Part of_traces;  // what is in it of them
    Progress upto;   // where the sources stood after its last line

private:
    std::string bytes_;
    std::vector<Item> items_;
    std::optional<WallTime> oldest_;
};

// Makes bodies of pushes (logproto.PushRequest in snappy's block format). It keeps its room from
// one to the next: a fresh megabyte each time costs more than what goes into it.
class Packer {
public:
    // With these lines of the batch, those of a stream in their order.
    std::string pack(const Batch& batch,
                     std::span<const Batch::Item> items,
                     const Streams& streams);

private:
    void group(std::span<const Batch::Item> items, const Streams& streams);

    std::vector<std::uint32_t> next_;  // by stream: where its next line goes
    std::vector<Batch::Item> grouped_;
    std::string request_;
    std::vector<char> packed_;
};

// `name=value` pairs in logfmt, for a Loki that knows no structured metadata.
std::string with_suffix(const Entry& entry);

}  // namespace paws::forwarder
