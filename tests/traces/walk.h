// Walk: through every moment of every runner of some seeds.

#pragma once

#include "tests/traces/trace.h"

#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

namespace paws::traces {

struct Seeds {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
};

template <class Look>  // void(const Moment&, std::size_t number_of_runner)
void walk(Seeds seeds, Family family, Look look) {
    for (auto seed = seeds.first; seed < seeds.end; ++seed) {
        CAPTURE(seed);
        Trace trace{seed, family};
        while (const auto moment = trace.next()) {
            for (std::size_t number = 0; number < moment->truth.size(); ++number) {
                look(*moment, number);
            }
        }
    }
}

}  // namespace paws::traces
