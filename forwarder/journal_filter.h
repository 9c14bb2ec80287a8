// Journal filter: which entries are shipped, as [logs] says. What journald can match by itself it
// matches; the rest is looked at here. Pure.

#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace paws::forwarder {

// Of syslog(3), the gravest first: PRIORITY= of an entry.
enum class Priority { emerg, alert, crit, err, warning, notice, info, debug };
inline constexpr std::array<std::string_view, 8> priority_names{
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

struct JournalFilter {
    std::vector<std::string> units;        // names or globs (fnmatch(3)); empty: all
    std::vector<std::string> identifiers;  // SYSLOG_IDENTIFIER; empty: all
    Priority least = Priority::debug;      // with which also entries without one are taken

    bool takes_all() const {
        return units.empty() && identifiers.empty() && least == Priority::debug;
    }
    bool operator==(const JournalFilter&) const = default;
};

bool is_glob(std::string_view pattern);

// For SdJournal::match_any: wide enough for all that is wanted, also what systemd says of the
// units.
std::vector<std::vector<std::string>> match_lists(const JournalFilter& filter);

// Whether an entry of this unit is wanted, all else aside.
bool wants_unit(const JournalFilter& filter, std::string_view unit);

}  // namespace paws::forwarder
