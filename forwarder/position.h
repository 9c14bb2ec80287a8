// Position: up to where the sources were read. What comes after it is read again after a restart.

#pragma once

#include "core/time.h"
#include "forwarder/redactor.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace paws::forwarder {

using OpenKeys = std::map<std::string, OpenKey>;  // by writer

// A trace file of a runner. Another file under the same name has another inode.
struct FilePosition {
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;  // of the first byte of the first record that is still to be sent

    bool operator==(const FilePosition&) const = default;
};

// The traces of a runner that are followed. Others that were opened up to `done_to` are done with.
struct TracePositions {
    std::string done_to;                        // a stamp as in their names: "20260102-030405"
    std::map<std::string, FilePosition> files;  // by name

    bool operator==(const TracePositions&) const = default;
};

struct Position {
    std::string cursor;            // of the last journal entry that was read; empty: none yet
    std::optional<WallTime> read;  // when the journal took that entry
    OpenKeys open_keys;
    std::optional<WallTime> began;  // when shipping did: traces from before it are left alone
    std::map<std::string, TracePositions> traces;  // by runner

    bool operator==(const Position&) const = default;
};

}  // namespace paws::forwarder
