// Clock: whether the wall clock is kept right (NTP), from the kernel's clock discipline.

#pragma once

#include "collectors/collector.h"
#include "core/host_facts.h"

#include <functional>
#include <string_view>
#include <utility>

namespace paws::collectors {

using AskClock = std::function<Result<ClockSync>()>;

class ClockCollector final : public Collector {
public:
    explicit ClockCollector(AskClock ask) : ask_{std::move(ask)} {}
    std::string_view name() const override { return "clock"; }
    Result<Fill> collect(const Facts& /*seen*/, const Now& now) override {
        const auto clock = ask_();
        if (!clock) {
            return clock.error();
        }
        return Fill{[clock = *clock, now](Facts& draft) { draft.host.clock = {clock, now}; }};
    }

private:
    AskClock ask_;
};

}  // namespace paws::collectors
