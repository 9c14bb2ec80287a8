#include "agent/config_file.h"
#include "agent/config_text.h"
#include "tests/support/paths.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;

namespace {

// By version: a configuration with every setting that there was.
std::map<std::string, std::string> texts() {
    std::map<std::string, std::string> found;
    for (const auto& file :
         std::filesystem::directory_iterator{tests::source_path("tests/fixtures/config")}) {
        std::ostringstream text;
        text << std::ifstream{file.path()}.rdbuf();
        found[file.path().stem()] = text.str();
    }
    return found;
}

}  // namespace

TEST_CASE("config versions: that of each earlier version is accepted") {
    REQUIRE_FALSE(texts().empty());
    for (const auto& [version, text] : texts()) {
        const auto config = parse_config({{version, text}});
        CHECK_MESSAGE(config, (config ? "" : config.error().what));
    }
}

TEST_CASE("config versions: the newest names every setting that there is") {
    const auto text = texts().rbegin()->second;
    for (const auto& setting : settings(Config{})) {
        CHECK_MESSAGE(text.find("\n" + setting.key + " = ") != std::string::npos, setting.key);
    }
}
