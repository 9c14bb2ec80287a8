// Dice: chance that falls the same on every machine: a fixed engine, whole numbers, and none of the
// standard library's distributions, whose results differ between implementations.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

namespace paws::traces {

using Span = std::chrono::milliseconds;
using Instant = std::chrono::milliseconds;  // since the week began, as a clock on the wall runs

class Dice {
public:
    // Each part of a world throws dice of its own: a change to one leaves the others as they were.
    Dice(std::uint64_t seed, std::uint64_t stream)
        : engine_{(seed + 1) * 0x9E37'79B9'7F4A'7C15ULL ^ (stream + 1) * 0xBF58'476D'1CE4'E5B9ULL} {
    }

    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    bool one_in(std::uint64_t many) { return below(many) == 0; }
    bool percent(std::uint64_t share) { return below(100) < share; }

    Span between(Span least, Span most) {
        const auto width = static_cast<std::uint64_t>((most - least).count()) + 1;
        return least + Span{static_cast<Span::rep>(below(width))};
    }

    template <class T, std::size_t N>
    const T& any_of(const std::array<T, N>& choices) {
        return choices[below(N)];
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace paws::traces
