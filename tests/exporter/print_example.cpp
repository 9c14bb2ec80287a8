// Prints the exposition of the tests' example, for promtool.

#include "exporter/exposition.h"
#include "exporter/families.h"
#include "tests/exporter/example.h"

#include <iostream>

using namespace paws::exporter;

int main() {
    std::cout << expose(
        to_families(testing::example_snapshot(), testing::example_agent(), Options{}),
        Format::text);
}
