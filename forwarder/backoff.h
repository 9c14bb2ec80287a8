// Backoff: how long to wait before the next try: twice as long after each failure, up to a bound,
// and by chance somewhat less, so that a fleet does not come back all at once.

#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace paws::forwarder {

class Backoff {
public:
    explicit Backoff(std::uint64_t seed,
                     std::chrono::nanoseconds shortest = std::chrono::milliseconds{500},
                     std::chrono::nanoseconds longest = std::chrono::seconds{60})
        : random_{seed}, shortest_{shortest}, longest_{longest} {}

    void reset() { step_ = {}; }

    std::chrono::nanoseconds next() {
        step_ = std::clamp(step_ * 2, shortest_, longest_);
        std::uniform_real_distribution<double> share{0.5, 1.0};
        return std::chrono::duration_cast<std::chrono::nanoseconds>(step_ * share(random_));
    }

private:
    std::mt19937_64 random_;
    std::chrono::nanoseconds shortest_;
    std::chrono::nanoseconds longest_;
    std::chrono::nanoseconds step_{};
};

}  // namespace paws::forwarder
