#include "collectors/units.h"

#include "collectors/units_files.h"
#include "collectors/units_merge.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

namespace paws::collectors {

namespace {

using platform::SystemdBus;
using namespace std::chrono_literals;

constexpr std::string_view runner_name_space = "actions.runner";
constexpr std::string_view runner_pattern = "actions.runner.*.service";
constexpr auto longest_trust = 30s;  // in what signals did not contradict

std::string_view property(const UnitProperties& properties, std::string_view name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string_view{} : found->second;
}

bool says_the_same(const UnitProperties& properties, const SystemdBus::LoadedUnit& loaded) {
    return property(properties, "LoadState") == loaded.load_state &&
           property(properties, "ActiveState") == loaded.active_state &&
           property(properties, "SubState") == loaded.sub_state;
}

// Templates cannot run; their instances can.
bool can_be_runner(std::string_view unit) {
    return is_runner_unit(unit) && !unit.ends_with("@.service");
}

// Where systemd's bus is, seen from a root that may be another host's.
std::string bus_address(const platform::RootFs& root) {
    return root.path() == "/" ? "" : "unix:path=" + root.path() + "/run/dbus/system_bus_socket";
}

}  // namespace

UnitsCollector::UnitsCollector(const Options& options)
    : root_{options.root},
      discover_{options.discover_runners},
      static_runners_{options.static_runners} {}

int UnitsCollector::fd() const {
    return bus_ ? bus_->fd() : -1;
}

bool UnitsCollector::stirred() {
    if (!bus_) {
        return false;
    }
    if (!hear()) {
        bus_.reset();
        return true;
    }
    return doubt_ != Doubt::none ||
           std::ranges::any_of(units_, [](const auto& unit) { return unit.second.stale; });
}

bool UnitsCollector::is_static(std::string_view unit) const {
    return std::ranges::find(static_runners_, unit, &StaticRunner::unit) != static_runners_.end();
}

std::vector<std::string> UnitsCollector::patterns() const {
    std::vector<std::string> patterns;
    if (discover_) {
        patterns.emplace_back(runner_pattern);
    }
    for (const auto& runner : static_runners_) {
        if (!runner.unit.empty()) {
            patterns.push_back(runner.unit);
        }
    }
    return patterns;
}

// As sd_booted(3).
bool UnitsCollector::systemd_runs() const {
    return asked_ || root_.list("run/systemd/system").has_value();
}

Result<Fill> UnitsCollector::collect(const Facts& /*seen*/, const Now& now) {
    shortfall_.reset();
    const auto looked = patterns().empty() ? Result<void>{} : look(now);
    if (!looked && looked.error().code == Errc::unavailable) {
        bus_.reset();
    }
    if (!looked && systemd_runs()) {
        shortfall_ = looked.error();
    }
    auto found = found_runners(looked ? std::optional{now} : std::nullopt);
    if (found.size() > runner_limit) {
        shortfall_ = Error{Errc::malformed,
                           std::to_string(found.size()) + " runners on this host; only the first " +
                               std::to_string(runner_limit) +
                               " by name are watched: exclude some with [runners] discover = false "
                               "and [[runners.static]]"};
        found.resize(runner_limit);
    }
    return Fill{[found = std::make_shared<const std::vector<Runner>>(std::move(found))](
                    Facts& draft) { merge_runners(draft.runners, *found); }};
}

Result<void> UnitsCollector::look(const Now& now) {
    if (auto connected = connect(); !connected) {
        return connected;
    }
    if (auto heard = hear(); !heard) {
        return heard;
    }
    // What changes while we ask is asked for again, but not for ever.
    for (int pass = 0; pass < 3; ++pass) {
        if (auto caught_up = catch_up(now); !caught_up) {
            return caught_up;
        }
    }
    return {};
}

Result<void> UnitsCollector::catch_up(const Now& now) {
    if (auto found = find(now); !found) {
        return found;
    }
    if (auto read = read_stale(now); !read) {
        return read;
    }
    return hear();
}

void UnitsCollector::read_ahead(const Now& now) {
    if (!bus_ || !hear()) {
        return;
    }
    if (asked_ && now.boot - *asked_ >= longest_trust) {
        doubt_ = Doubt::everything;
    }
    doubt_oldest(now);
    [[maybe_unused]] const auto left_for_collect = catch_up(now);
}

Result<void> UnitsCollector::connect() {
    if (bus_) {
        return {};
    }
    auto bus = SystemdBus::connect(bus_address(root_));
    if (!bus) {
        return bus.error();
    }
    if (auto subscribed =
            bus->subscribe(discover_ ? std::string{runner_name_space} : std::string{});
        !subscribed) {
        return subscribed;
    }
    bus_ = std::move(*bus);
    doubt_ = Doubt::everything;
    doubt_all_units();
    return {};
}

Result<void> UnitsCollector::hear() {
    const auto changes = bus_->changes();
    if (!changes) {
        return changes.error();
    }
    for (auto& [unit, known] : units_) {
        known.stale = known.stale || changes->units.contains(unit);
    }
    if (changes->reloaded) {
        doubt_ = Doubt::everything;
        doubt_all_units();
    } else if (changes->loaded && doubt_ == Doubt::none) {
        doubt_ = Doubt::loaded_units;
    }
    return {};
}

void UnitsCollector::doubt_all_units() {
    for (auto& [unit, known] : units_) {
        known.stale = true;
    }
}

// Of the units whose time is up, as many as are due since the last time if all are to have their
// turn within `longest_trust`. Reading all at once is a burst that PID 1 would feel.
void UnitsCollector::doubt_oldest(const Now& now) {
    const auto passed = ahead_ ? now.boot - *ahead_ : std::chrono::nanoseconds{longest_trust};
    ahead_ = now.boot;
    auto share = static_cast<std::size_t>(std::ceil(
        static_cast<double>(units_.size()) * to_seconds(passed) / to_seconds(longest_trust)));
    for (auto& [unit, known] : units_) {
        if (share > 0 && !known.stale && now.boot - known.read >= longest_trust) {
            known.stale = true;
            --share;
        }
    }
}

Result<void> UnitsCollector::find(const Now& now) {
    if (doubt_ == Doubt::none) {
        return {};
    }
    if (doubt_ == Doubt::everything) {
        if (auto found = find_files(); !found) {
            return found;
        }
        asked_ = now.boot;
    }
    const auto loaded = bus_->units(patterns());
    if (!loaded) {
        return loaded.error();
    }
    compare(*loaded);
    doubt_ = Doubt::none;
    return {};
}

Result<void> UnitsCollector::find_files() {
    auto files = bus_->unit_files(patterns());
    if (!files) {
        return files.error();
    }
    files_.clear();
    for (auto& file : *files) {
        if (can_be_runner(file.name) || is_static(file.name)) {
            files_.emplace(std::move(file.name), std::move(file.state));
        }
    }
    return {};
}

// Finds out which units are new, gone or changed. A unit that is not loaded is not read again
// without need: systemd would load it for that, which tells of itself, and so on.
void UnitsCollector::compare(const std::vector<SystemdBus::LoadedUnit>& loaded) {
    std::set<std::string_view> there;
    for (const auto& unit : loaded) {
        if (can_be_runner(unit.name) || is_static(unit.name)) {
            auto& known = units_[unit.name];
            known.stale = known.stale || !says_the_same(known.properties, unit);
            there.insert(unit.name);
        }
    }
    for (const auto& [unit, state] : files_) {
        auto& known = units_[unit];
        if (!there.insert(unit).second) {
            continue;
        }
        const auto active = property(known.properties, "ActiveState");
        known.stale = known.stale || (active != "inactive" && active != "failed") ||
                      property(known.properties, "UnitFileState") != state;
    }
    for (const auto& runner : static_runners_) {
        if (!runner.unit.empty()) {
            units_.try_emplace(runner.unit);
            there.insert(runner.unit);
        }
    }
    std::erase_if(units_, [&](const auto& unit) {
        const bool gone = !there.contains(unit.first);
        if (gone) {
            bus_->unfollow(unit.first);
        }
        return gone;
    });
}

Result<void> UnitsCollector::read_stale(const Now& now) {
    for (auto unit = units_.begin(); unit != units_.end();) {
        auto& [name, known] = *unit;
        if (!known.stale) {
            ++unit;
            continue;
        }
        if (auto followed = bus_->follow(name); !followed) {
            return followed;
        }
        auto properties = bus_->show(name, unit_properties);
        if (properties) {
            known = {.properties = std::move(*properties), .stale = false, .read = now.boot};
            ++unit;
        } else if (properties.error().code == Errc::io) {
            bus_->unfollow(name);  // it vanished since it was listed: it is simply not there
            unit = units_.erase(unit);
        } else {
            return properties.error();
        }
    }
    return {};
}

// Without `asked`, the time at which systemd was asked, units have no state of now.
std::vector<Runner> UnitsCollector::found_runners(const std::optional<Now>& asked) const {
    RunnerSet runners;
    const bool systemd = asked ? !patterns().empty() : systemd_runs();
    for (const auto& listed : static_runners_) {
        auto runner = static_runner(listed);
        runner.managed = systemd && !listed.unit.empty();
        const auto unit = units_.find(listed.unit);
        if (unit != units_.end()) {
            add_unit(runner, unit->second.properties, asked);
        }
        runners.add(std::move(runner));
    }
    for (const auto& [unit, known] : units_) {
        const auto id = property(known.properties, "Id");
        const bool alias = !id.empty() && id != unit;
        if (!is_static(unit) && !alias && property(known.properties, "LoadState") != "not-found") {
            auto runner = unit_runner(unit);
            add_unit(runner, known.properties, asked);
            runners.add(std::move(runner));
        }
    }
    if (discover_ && !asked) {
        for (auto& runner : runners_of_unit_files(root_)) {
            runners.add(std::move(runner));
        }
    }
    return runners.take();
}

}  // namespace paws::collectors
