// One entry of status_json's runners.

#pragma once

#include "exporter/view.h"

#include <string_view>

#include <boost/json/object.hpp>

namespace paws::exporter {

boost::json::object runner_entry(const View& view, const Runner& runner);

boost::json::object job_json(const JobRecord& record);

// By its name, or by GitHub's where only one has it; null when there is none.
const Runner* runner_named(const View& view, std::string_view name);

}  // namespace paws::exporter
