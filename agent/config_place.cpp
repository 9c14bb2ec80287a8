#include "agent/config_place.h"

#include <toml++/toml.h>

namespace paws::agent {

std::string place_of(const std::vector<Document>& documents,
                     std::string_view section,
                     std::string_view key) {
    std::string place = documents.empty() ? "" : documents.back().name;
    for (const auto& document : documents) {
        const auto table = toml::parse(document.text, document.name);
        if (const auto* node = table[section][key].node()) {
            place = document.name + ":" + std::to_string(node->source().begin.line) + ":" +
                    std::to_string(node->source().begin.column);
        }
    }
    return place;
}

}  // namespace paws::agent
