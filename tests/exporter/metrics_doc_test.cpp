#include "exporter/metrics_doc.h"

#include "tests/support/paths.h"

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

TEST_CASE("metrics_doc: docs/metrics.md is what the schema says") {
    std::ifstream file{paws::tests::source_path("docs/metrics.md")};
    const std::string committed{std::istreambuf_iterator<char>{file}, {}};
    // Not compared by CHECK, which would print both.
    const bool same = committed == paws::exporter::metrics_doc();
    CHECK_MESSAGE(same, "to write it anew: cmake --build build/release --target metrics_doc");
}
