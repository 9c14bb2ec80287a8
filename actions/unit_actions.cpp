#include "actions/unit_actions.h"

#include "platform/systemd_bus.h"

#include <algorithm>

namespace paws::actions {

namespace {

constexpr std::chrono::seconds patience{10};     // with the bus
constexpr std::chrono::seconds longest_run{90};  // longer than any TimeoutStartSec= of ours

// systemd says no for polkit, or that polkit itself cannot be had (it is masked, it fails to
// start).
bool polkit_is_to_blame(const Error& error) {
    return error.code == Errc::denied || error.what.find("polkit") != std::string::npos;
}

Result<void> explained(Result<void> done) {
    if (!done && polkit_is_to_blame(done.error())) {
        return Error{Errc::denied,
                     done.error().what +
                         "; is /usr/share/polkit-1/rules.d/50-paws-agent.rules there, and "
                         "polkit running?"};
    }
    return done;
}

}  // namespace

// What the thread is sent for; only one of the two threads has it at a time.
struct UnitActions::Errand {
    Order order;
    std::vector<policy::UnitAction> actions;

    std::vector<Outcome> run() const {
        std::vector<Outcome> outcomes;
        for (const auto& action : actions) {
            const auto done = order(action);
            outcomes.push_back(
                {.action = action, .error = done ? std::nullopt : std::optional{done.error()}});
        }
        return outcomes;
    }
};

UnitActions::UnitActions(Order order)
    : UnitActions{std::make_shared<Errand>(Errand{.order = std::move(order), .actions = {}})} {}

UnitActions::UnitActions(std::shared_ptr<Errand> errand)
    : errand_{errand}, straggler_{"actions", [errand = std::move(errand)] {
                                      return Result{errand->run()};
                                  }} {}

bool UnitActions::is_due(const policy::UnitAction& action, const Now& now) const {
    const auto given = given_.find({action.unit, action.verb});
    return given == given_.end() || now.boot - given->second >= pause;
}

std::vector<Outcome> UnitActions::carry_out(const std::vector<policy::UnitAction>& plan,
                                            const Now& now) {
    if (straggler_.outstanding()) {
        return {};
    }
    std::vector<Outcome> outcomes;
    if (std::exchange(sent_, false)) {
        if (auto came = straggler_.wait({})) {
            outcomes = *std::move(came);
        }
    }
    errand_->actions.clear();
    std::ranges::copy_if(plan, std::back_inserter(errand_->actions), [&](const auto& action) {
        return is_due(action, now);
    });
    if (errand_->actions.empty()) {
        return outcomes;
    }
    for (const auto& action : errand_->actions) {
        given_[{action.unit, action.verb}] = now.boot;
    }
    if (const auto started = straggler_.start(); started) {
        sent_ = true;
    } else {
        for (const auto& action : errand_->actions) {
            outcomes.push_back({.action = action, .error = started.error()});
        }
    }
    return outcomes;
}

UnitActions::Order order_over_bus() {
    return [](const policy::UnitAction& action) -> Result<void> {
        auto bus = platform::SystemdBus::connect("", patience);
        if (!bus) {
            return bus.error();
        }
        return explained(action.verb == policy::UnitVerb::start ? bus->start(action.unit)
                                                                : bus->stop(action.unit));
    };
}

UnitActions::Order run_over_bus() {
    return [](const policy::UnitAction& action) -> Result<void> {
        auto bus = platform::SystemdBus::connect("", patience);
        return bus ? explained(bus->run(action.unit, longest_run)) : bus.error();
    };
}

}  // namespace paws::actions
