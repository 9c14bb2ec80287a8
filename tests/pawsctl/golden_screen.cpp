#include "tests/pawsctl/golden_screen.h"

#include "tests/support/paths.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

namespace paws::tests {

namespace {

std::string path_of(const std::string& file) {
    return source_path("tests/pawsctl/screens/" + file);
}

std::string content(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

boost::json::object recorded_answer(const std::string& name) {
    return boost::json::parse(content(path_of(name + ".json"))).as_object();
}

void check_screen(const std::string& name, const std::vector<std::string>& lines) {
    std::string shown;
    for (const auto& line : lines) {
        shown += line + "\n";
    }
    const auto path = path_of(name + ".txt");
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream{path} << shown;
    }
    CAPTURE(name);
    CHECK(shown == content(path));
}

}  // namespace paws::tests
