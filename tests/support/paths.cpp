#include "tests/support/paths.h"

std::string paws::tests::source_path(const std::string& relative) {
    return std::string{PAWS_SOURCE_DIR} + "/" + relative;
}

std::string paws::tests::build_path(const std::string& relative) {
    return std::string{PAWS_BINARY_DIR} + "/" + relative;
}
