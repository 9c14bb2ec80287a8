#include "core/text.h"
#include "tests/fuzz/fuzz.h"

bool paws::fuzz::accepts(std::string_view input) {
    const auto shown = printable(input);
    require(shown.size() <= 256);
    require(printable(shown) == shown);
    require(shown.find('\n') == std::string::npos && shown.find('\x1B') == std::string::npos);
    return shown == input;
}
