// Journal terms: "FIELD=value", by which entries are matched (sd_journal_add_match(3)).

#pragma once

#include <string>
#include <string_view>

namespace paws::collectors {

inline std::string term(std::string_view field, std::string_view value) {
    return std::string{field} + "=" + std::string{value};
}

}  // namespace paws::collectors
