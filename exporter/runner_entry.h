// One entry of status_json's runners.

#pragma once

#include "exporter/view.h"

#include <boost/json/object.hpp>

namespace paws::exporter {

boost::json::object runner_entry(const View& view, const Runner& runner);

boost::json::object job_json(const Job& job);

}  // namespace paws::exporter
