// Store: the thread that alone touches the database, and its queue. Nobody waits for it: what is
// asked is a closure, and the answer is a closure too.

#pragma once

#include "agent/archive.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace paws::agent {

class Store {
public:
    using Work = std::function<void(Archive& archive)>;

    explicit Store(std::string path, StoreBounds bounds = {});
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    Store(Store&&) = delete;
    Store& operator=(Store&&) = delete;
    ~Store();

    // In the order of asking, on the store's thread. `work` must not throw. False when too much is
    // waiting already.
    bool ask(Work work);

    std::uint64_t corruptions() const;
    std::string logs_trouble() const;

    // Ends the thread after what was asked; false when it is still busy after `patience`: it is
    // left behind with what it uses.
    bool end(std::chrono::milliseconds patience);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace paws::agent
