// Finding the runner that the user means among those of a status document.

#pragma once

#include "core/result.h"

#include <string>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// By the unit's runner name, the unit, or GitHub's name where only one runner has it. The error
// says which names are near.
Result<const boost::json::object*> find_runner(const boost::json::object& status,
                                               const std::string& meant);

// "actions.runner.acme-widgets.build-01.service" is "acme-widgets.build-01"; other names stay.
std::string without_unit_affixes(std::string name);

}  // namespace paws::pawsctl
