// SdJournal: reads a systemd journal (sd-journal(3)), matched entries in order.
// One thread. It never waits: fd() becomes readable when process() may find more. Files that are
// rotated, vacuumed, damaged or cut short come and go below; their entries are then simply not
// there.

#pragma once

#include "core/result.h"
#include "core/time.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sd_journal;

namespace paws::platform {

// Which journal: the one of the host below `root`, or of one directory.
struct JournalPlace {
    std::string root = "/";
    std::string directory;   // stronger than root
    std::string name_space;  // systemd-journald.service(8): LogNamespace=
};

// A file of a journal, or a directory below which journald makes them, told from another that takes
// its place.
struct JournalInode {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t born = 0;  // in nanoseconds; 0 where the file system does not say

    bool operator==(const JournalInode&) const = default;
};

// When the journal took an entry, in microseconds.
struct EntryClocks {
    std::array<std::uint8_t, 16> boot{};
    std::uint64_t monotonic = 0;  // since that boot
    std::uint64_t realtime = 0;   // since the Unix epoch

    // The latest time there is where a damaged entry is beyond it.
    WallTime wall_time() const;

    bool operator==(const EntryClocks&) const = default;
};

class SdJournal {
public:
    using Visit = std::function<void(std::string_view field)>;  // "NAME=value"

    // Errc::absent: there is no journal. Errc::denied: there is, and what to do to read it.
    static Result<SdJournal> open(const JournalPlace& place);

    // From now on only entries that have one of the values of each field named ("FIELD=value").
    // All when there are none. Seek afterwards.
    Result<void> match(std::span<const std::string> terms);
    // The same, of any of several such lists.
    Result<void> match_any(std::span<const std::vector<std::string>> lists);

    // What visit() tells of a field at most; 64 KiB unless said otherwise.
    void set_longest_field(std::size_t bytes);

    // Where the next next() goes.
    Result<void> seek_head();
    Result<void> seek_last(std::uint64_t count);  // to the last `count` entries, or all
    Result<void> seek_time(WallTime at);          // to the first that was taken then or later
    // To the last `count` entries up to and with the one of this cursor, or all of them; false when
    // there is none.
    Result<bool> seek_last_to(const std::string& cursor, std::uint64_t count);
    // To what follows the entry of this cursor, also when that entry is gone. Errc::malformed when
    // it is no cursor. Whether it is there still is_at() tells, before the next next().
    Result<void> seek_after(const std::string& cursor);

    // The same, without those before that entry which a clock that was set back would bring again.
    Result<void> seek_past(const std::string& cursor);

    // To the first entry at a place or after it: a cursor of which parts may be missing.
    Result<void> seek(const std::string& place);

    Result<bool> next();               // false: nothing more just now; see may_overlook()
    Result<bool> previous();           // one step back; false: there is nothing before
    void stay() { standing_ = true; }  // the entry that next() went to will be next again

    // Of the entry that next() went to. The clocks cost a fraction of what the cursor does.
    Result<std::string> cursor() const;
    Result<EntryClocks> clocks() const;
    bool is_at(const std::string& cursor) const;
    WallTime taken() const;
    // Of a damaged entry what can be read of it, and false. Where an entry seems to have no text
    // (MESSAGE=) it is looked at again for up to 100 ms, once a second: its fields are told again.
    bool visit(const Visit& visit);

    int fd() const;
    // A directory has come that was not there when it was opened, or has come back, as when
    // journald is told to keep its journal on disk. What is written there is not seen: to be opened
    // anew.
    bool misses_directory();
    // Takes note of new and vanished files; drains fd(). True when files came or went.
    Result<bool> process();
    // With a match next() may be wrong for a second when it says that there is nothing more, and
    // fd() stays silent when that is over.
    bool may_overlook() const { return matched_ && written_; }

private:
    using Clock = std::chrono::steady_clock;

    struct Close {
        void operator()(sd_journal* handle) const noexcept;
    };

    SdJournal(sd_journal* handle, JournalPlace place, std::vector<JournalInode> watched);

    Result<bool> step();
    Result<bool> look_again();
    bool visit_once(const Visit& visit, bool& has_text) const;

    std::unique_ptr<sd_journal, Close> handle_;
    JournalPlace place_;
    std::vector<JournalInode> watched_;       // that are there since it was opened
    std::size_t longest_field_ = 64U << 10U;  // journald cuts lines of services at 48 KiB unless
                                              // told otherwise (journald.conf(5), LineMax=)
    bool standing_ = false;  // a seek went to an entry that next() has not told of yet
    bool matched_ = false;
    bool written_ = false;  // since looked_again_
    Clock::time_point looked_again_;
    Clock::time_point had_no_text_;
};

}  // namespace paws::platform
