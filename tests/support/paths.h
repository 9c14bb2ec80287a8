// Paths: where the sources and this build are, for fixtures and for programs under test.
// Known to one compiled file only, so that every other test compiles to the same in each clone.

#pragma once

#include <string>

namespace paws::tests {

std::string source_path(const std::string& relative);  // "tests/fixtures/hosts/healthy"
std::string build_path(const std::string& relative);   // "bin/paws-agent"

}  // namespace paws::tests
