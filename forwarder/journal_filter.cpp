#include "forwarder/journal_filter.h"

#include <algorithm>
#include <utility>

#include <fnmatch.h>

namespace paws::forwarder {

namespace {

std::string term(std::string_view field, const std::string& value) {
    return std::string{field} + "=" + value;
}

void append_terms(std::vector<std::string>& list,
                  std::string_view field,
                  const std::vector<std::string>& values) {
    for (const auto& value : values) {
        list.push_back(term(field, value));
    }
}

// journald knows equal values only: each is named.
void append_priorities(std::vector<std::string>& list, Priority least) {
    if (least == Priority::debug) {
        return;
    }
    for (int each = 0; each <= static_cast<int>(least); ++each) {
        list.push_back(term("PRIORITY", std::to_string(each)));
    }
}

}  // namespace

bool is_glob(std::string_view pattern) {
    return pattern.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::vector<std::string>> match_lists(const JournalFilter& filter) {
    std::vector<std::string> common;
    append_terms(common, "SYSLOG_IDENTIFIER", filter.identifiers);
    append_priorities(common, filter.least);
    if (filter.units.empty() || std::ranges::any_of(filter.units, is_glob)) {
        std::vector<std::vector<std::string>> lists;
        if (!common.empty()) {
            lists.push_back(std::move(common));
        }
        return lists;
    }
    auto own = common;
    append_terms(own, "_SYSTEMD_UNIT", filter.units);
    auto about = common;  // what the manager says of them
    append_terms(about, "UNIT", filter.units);
    about.emplace_back("_PID=1");
    return {own, about};
}

bool wants_unit(const JournalFilter& filter, std::string_view unit) {
    const std::string name{unit};
    return filter.units.empty() || std::ranges::any_of(filter.units, [&](const auto& pattern) {
               return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
           });
}

}  // namespace paws::forwarder
