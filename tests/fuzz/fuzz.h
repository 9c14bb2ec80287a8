// Fuzz: the one function that a target (tests/fuzz/<name>_fuzz.cpp) defines. The same target runs
// under libFuzzer (preset `fuzz`) and, in every other build, over its committed corpus.

#pragma once

#include <cstdlib>
#include <string_view>

namespace paws::fuzz {

// Gives `input` to the parser. True when the parser accepted it: a corpus of which nothing is
// accepted tests only the way out, and its replay fails.
bool accepts(std::string_view input);

// What must hold whatever the input was.
inline void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace paws::fuzz
