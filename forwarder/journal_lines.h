// JournalLines: makes lines of journal entries: the stream they are filed under, their level, and
// what is told beside them. One thread.

#pragma once

#include "forwarder/intake.h"
#include "forwarder/journal_entry.h"
#include "forwarder/journal_filter.h"
#include "forwarder/roster.h"

#include <string>
#include <string_view>
#include <unordered_map>

namespace paws::forwarder {

class JournalLines {
public:
    JournalLines(Intake& intake, JournalFilter filter)
        : intake_{intake}, filter_{std::move(filter)} {}

    // Whether the entry is a runner's whose job at that time may still become known.
    bool may_learn_job(const JournalEntry& entry, WallTime at, const Roster& roster);

    void take(Batch& batch, const JournalEntry& entry, WallTime at, const Roster& roster);

private:
    // What all entries of a unit have in common.
    struct Unit {
        Streams::Place place;
        bool wanted = true;
        bool of_runner = false;
        std::string full_name;  // where the label does not tell it
        // Of its last writer: a unit's lines mostly come from one process.
        std::string pid;
        std::string identifier;
        Metadata of_writer;
    };

    Unit& unit_of(const JournalEntry& entry, const Roster& roster);
    Unit make_unit(std::string_view name, const Roster& roster);
    const Metadata& describe_writer(const JournalEntry& entry, Unit& unit);
    const Metadata& describe(const JournalEntry& entry,
                             Unit& unit,
                             WallTime at,
                             const Roster& roster);

    Intake& intake_;
    JournalFilter filter_;
    std::unordered_map<std::string, Unit> units_;
    std::string last_name_;
    Unit* last_ = nullptr;  // entries of a unit come in rows
    Metadata metadata_;
};

}  // namespace paws::forwarder
