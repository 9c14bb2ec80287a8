// Journal filter: which entries are shipped, as [logs] says. What journald can match by itself it
// matches; the rest is looked at here. Pure.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace paws::forwarder {

struct JournalFilter {
    std::vector<std::string> units;        // names or globs (fnmatch(3)); empty: all
    std::vector<std::string> identifiers;  // SYSLOG_IDENTIFIER; empty: all

    bool takes_all() const { return units.empty() && identifiers.empty(); }
    bool operator==(const JournalFilter&) const = default;
};

bool is_glob(std::string_view pattern);

// For SdJournal::match_any: wide enough for all that is wanted, also what systemd says of the
// units.
std::vector<std::vector<std::string>> match_lists(const JournalFilter& filter);

// Whether an entry of this unit is wanted, identifiers aside.
bool wants_unit(const JournalFilter& filter, std::string_view unit);

}  // namespace paws::forwarder
