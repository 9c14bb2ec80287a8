#include "agent/config_file.h"
#include "agent/config_text.h"
#include "core/text.h"
#include "tests/support/paths.h"

#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;

namespace {

std::string page() {
    std::ostringstream text;
    text << std::ifstream{tests::source_path("docs/configuration.md")}.rdbuf();
    REQUIRE(text.str().size() > 1000);
    return text.str();
}

// The first word in backticks of each table row.
std::set<std::string> documented_keys(const std::string& text) {
    std::set<std::string> keys;
    std::string_view rest = text;
    while (!rest.empty()) {
        auto line = take_until(rest, '\n');
        if (line.starts_with("| `")) {
            line.remove_prefix(3);
            keys.emplace(take_until(line, '`'));
        }
    }
    return keys;
}

}  // namespace

TEST_CASE("docs/configuration.md: has a row with the default of every setting, and no other row") {
    const auto text = page();
    std::set<std::string> keys{"name", "root", "unit", "pattern"};  // of tables of lists
    for (const auto& setting : settings(Config{})) {
        const auto row = "| `" + setting.key + "` | `" + setting.value + "` |";
        CHECK_MESSAGE(text.find(row) != std::string::npos, row);
        keys.insert(setting.key);
    }
    CHECK(documented_keys(text) == keys);
    for (const auto name : collector_names) {
        CHECK(text.find("`" + std::string{name} + "`") != std::string::npos);
    }
}

TEST_CASE("docs/configuration.md: its example is accepted") {
    const auto text = page();
    const auto begin = text.find("```toml\n") + 8;
    const auto config =
        parse_config({{"example", text.substr(begin, text.find("```", begin) - begin)}});
    REQUIRE_MESSAGE(config, (config ? "" : config.error().what));
    CHECK(config->agent.environment == "staging");
    CHECK(config->runners.fixed.size() == 1);
}
