// Prints the exposition of the tests' example, for promtool and others who read it strictly.
// Usage: paws_exposition_example [openmetrics]

#include "exporter/exposition.h"
#include "exporter/families.h"
#include "tests/exporter/example.h"

#include <iostream>
#include <string_view>

using namespace paws::exporter;

int main(int argc, char** argv) {
    const bool openmetrics = argc > 1 && std::string_view{argv[1]} == "openmetrics";
    const auto families =
        to_families(testing::example_snapshot(), testing::example_agent(), Options{});
    std::cout << expose(families, openmetrics ? Format::openmetrics : Format::text);
}
