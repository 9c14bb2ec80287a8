// Fakes for the agent's tests: collectors that do as they are told, and a loop with a bound.

#pragma once

#include "agent/collection.h"
#include "collectors/collector.h"
#include "platform/system_clock.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace paws::agent::fakes {

inline constexpr std::chrono::seconds at_most{20};

// Runs the loop until `done`; false when that took too long.
inline bool run_until(boost::asio::io_context& loop, const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + at_most;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        loop.restart();
        loop.run_one_for(std::chrono::milliseconds{20});
    }
    return true;
}

// Where a hanging collector hangs until the test lets it go. Who hangs may outlive the test, so
// what it waits on belongs to both.
class Gate {
public:
    void pass() const {
        const auto state = state_;
        std::unique_lock lock{state->mutex};
        ++state->waiting;
        state->changed.notify_all();
        state->changed.wait_for(lock, at_most, [&] { return state->open; });
        --state->waiting;
    }
    void open() const {
        const std::lock_guard lock{state_->mutex};
        state_->open = true;
        state_->changed.notify_all();
    }
    bool await_visitor() const {
        std::unique_lock lock{state_->mutex};
        return state_->changed.wait_for(lock, at_most, [&] { return state_->waiting > 0; });
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        bool open = false;
        int waiting = 0;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

using Body = std::function<Result<collectors::Fill>(const Facts&, const Now&)>;

class Collector : public collectors::Collector {
public:
    Collector(std::string name, collectors::Stage stage, Body body, collectors::Watch* watch)
        : name_{std::move(name)}, stage_{stage}, body_{std::move(body)}, watch_{watch} {}

    std::string_view name() const override { return name_; }
    collectors::Stage stage() const override { return stage_; }
    Result<collectors::Fill> collect(const Facts& seen, const Now& now) override {
        return body_(seen, now);
    }
    collectors::Watch* watch() override { return watch_; }

private:
    std::string name_;
    collectors::Stage stage_;
    Body body_;
    collectors::Watch* watch_;
};

struct Told {
    std::string_view probe;
    std::string name;
    Body body;
    collectors::Stage stage = collectors::Stage::hosts;
    std::chrono::nanoseconds deadline = at_most / 2;  // a look may last as long as that
    collectors::Watch* watch = nullptr;
};

inline std::vector<ConfiguredSource> sources(std::vector<Told> list) {
    std::vector<ConfiguredSource> made;
    for (auto& told : list) {
        made.push_back({.source = {.probe = told.probe,
                                   .collector = std::make_unique<Collector>(
                                       told.name, told.stage, std::move(told.body), told.watch)},
                        .deadline = told.deadline});
    }
    return made;
}

// A body that finds a load of `one`.
inline Body finds_load(double one) {
    return [one](const Facts&, const Now& now) -> Result<collectors::Fill> {
        return collectors::Fill{[one, now](Facts& draft) {
            draft.host.load = {.value = LoadAverage{.one = one}, .taken = now};
        }};
    };
}

// A body that finds runners of these names.
inline Body finds_runners(std::vector<std::string> names) {
    return [names = std::move(names)](const Facts&, const Now&) -> Result<collectors::Fill> {
        return collectors::Fill{[names](Facts& draft) {
            draft.runners.clear();
            for (const auto& name : names) {
                draft.runners.push_back({.name = name});
            }
        }};
    };
}

}  // namespace paws::agent::fakes
