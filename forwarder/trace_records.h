// Trace records: what a runner writes to its `_diag` files, record by record. A record begins with
// a line "[2026-01-02 03:04:05Z INFO JobDispatcher] text"; lines without such a head belong to the
// record before (runner: Tracing.cs, HostTraceListener.cs). Pure.

#pragma once

#include "core/time.h"
#include "forwarder/level.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace paws::forwarder {

struct TraceHead {
    WallTime at;  // to the second
    Level level = Level::info;
    std::string_view component;
    std::size_t size = 0;  // of the head, with its bracket and blank
};

// The head at the front of a line; nothing when it has none.
std::optional<TraceHead> parse_trace_head(std::string_view line);

struct TraceRecord {
    std::size_t offset = 0;         // in the text
    std::string_view text;          // all its lines, without the last line end
    std::optional<TraceHead> head;  // nothing: the rest of a record whose beginning is not here
};

struct TraceRecords {
    std::vector<TraceRecord> records;
    std::size_t used = 0;  // bytes of the text that are in them
};

enum class LastRecord {
    may_grow,  // what ends the text is left until more is there
    is_whole,  // nothing will be added any more
};

// A record that is longer than `longest` is cut there, or before a character that would be cut in
// two; so is a line that has no end yet.
TraceRecords split_trace(std::string_view text, LastRecord last, std::size_t longest);

}  // namespace paws::forwarder
