// bad_inputs(): what every parser of a text must refuse without harm.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace paws {

inline std::string noise(std::size_t size) {
    std::string bytes;
    std::uint32_t state = 0x9E3779B9;
    for (std::size_t at = 0; at < size; ++at) {
        state = state * 1664525 + 1013904223;
        bytes += static_cast<char>(state >> 24U);
    }
    return bytes;
}

inline std::vector<std::string> bad_inputs() {
    constexpr std::size_t huge = 1U << 20U;
    return {"",
            "\n",
            " ",
            ":",
            "\xEF\xBB\xBF",
            "\xFF\xFE\xC3\x28 \xF0\x28\x8C\xBC\n",
            std::string(64, '\0'),
            noise(4096),
            "-1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n",
            "nan inf 1e999\n",
            "99999999999999999999999999 99999999999999999999999999\n",
            std::string(huge, 'x'),
            std::string(huge, '\n'),
            std::string(huge, '9')};
}

}  // namespace paws
