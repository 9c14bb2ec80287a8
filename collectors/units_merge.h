// Merging of runners from several sources, and with what is known of them already. Pure.

#pragma once

#include "collectors/all.h"
#include "collectors/units_properties.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace paws::collectors {

Runner static_runner(const StaticRunner& listed);
Runner unit_runner(std::string_view unit);

// What systemd said of the runner's unit, if it could be asked just now, and the runner's root
// unless that is known already.
void add_unit(Runner& runner, const UnitProperties& properties, const std::optional<Now>& asked);

// Runners by name; the first of a name or of a unit stays.
class RunnerSet {
public:
    void add(Runner runner);
    std::vector<Runner> take();

private:
    std::map<std::string, Runner> by_name_;
    std::set<std::string> units_;
};

// Makes `found` (by name, ascending) the runners of `drafted`. Those that are gone are dropped;
// the others keep what was known of them before, also the unit's state where `found` has none.
void merge_runners(std::vector<Runner>& drafted, const std::vector<Runner>& found);

}  // namespace paws::collectors
