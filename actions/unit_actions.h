// UnitActions: carries out a plan for units over D-Bus, on a thread of its own, because PID 1 may
// take its time. What comes of a start or a stop shows in the unit; here only whether systemd took
// the order.
// Lives on the loop; nothing here waits.

#pragma once

#include "core/result.h"
#include "core/time.h"
#include "platform/straggler.h"
#include "policy/drain.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace paws::actions {

struct Outcome {
    policy::UnitAction action;
    std::optional<Error> error;
};

class UnitActions {
public:
    // Called on the actions' thread: gives systemd the order, Errc::denied when polkit refuses.
    using Order = std::function<Result<void>(const policy::UnitAction&)>;
    static constexpr std::chrono::seconds pause{30};  // before the same order is given again

    explicit UnitActions(Order order);

    // Gives those orders that were not just given, and returns what has come of earlier ones.
    std::vector<Outcome> carry_out(const std::vector<policy::UnitAction>& plan, const Now& now);
    // Orders are under way: until they are done no others are given.
    bool is_busy() const { return straggler_.outstanding(); }

private:
    struct Errand;

    explicit UnitActions(std::shared_ptr<Errand> errand);

    bool is_due(const policy::UnitAction& action, const Now& now) const;

    std::shared_ptr<Errand> errand_;
    platform::Straggler<std::vector<Outcome>> straggler_;
    bool sent_ = false;
    std::map<std::pair<std::string, policy::UnitVerb>, BootTime> given_;
};

// The order over the system bus, with a connection for each.
UnitActions::Order order_over_bus();
// The same for a oneshot unit: starts it and waits for its end.
UnitActions::Order run_over_bus();

}  // namespace paws::actions
