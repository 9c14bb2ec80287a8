// The document of /api/v1/history, version 1: the last hour in steps, oldest first. Pure.

#pragma once

#include "exporter/history.h"

#include <boost/json/object.hpp>

namespace paws::exporter {

// {"version":1,"time","step_seconds":10,"newest_age_seconds",
//  "gauges":{"cpu_busy":[0.25,null,...]},"filesystems":{"/":[...]},
//  "runners":{"acme.build-01":[["idle",12],[null,1],...]}}
// A value that is not known, and a step without a look (the agent or the host slept), is null. The
// states of a runner come with the number of steps they lasted. No step yet: the age is null.
boost::json::object history_json(const PastHour& past, const Now& now);

}  // namespace paws::exporter
