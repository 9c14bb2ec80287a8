#include "tests/fuzz/fuzz.h"

#include <cstddef>
#include <cstdint>

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A char may alias any byte; libFuzzer hands out bytes as unsigned.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    paws::fuzz::accepts({reinterpret_cast<const char*>(data), size});
    return 0;
}
