// Board: what the ship thread tells of itself, for everybody else. Any thread may call anything.

#pragma once

#include "core/log_shipping.h"

#include <mutex>

namespace paws::forwarder {

class Board {
public:
    explicit Board(std::string url) { shown_.url = std::move(url); }

    // Changes what is shown, all at once.
    template <class Change>
    void change(const Change& change) {
        const std::lock_guard lock{mutex_};
        change(shown_);
    }
    LogShipping read() const {
        const std::lock_guard lock{mutex_};
        return shown_;
    }

private:
    mutable std::mutex mutex_;
    LogShipping shown_;
};

}  // namespace paws::forwarder
