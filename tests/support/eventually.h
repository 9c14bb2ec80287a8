// eventually: waits for what another thread or process does, however slow the machine is.

#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace paws {

// False when it does not hold after twenty seconds.
inline bool eventually(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!holds() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return holds();
}

}  // namespace paws
