#include "exporter/json_parts.h"

#include "core/utc.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace paws::exporter {

namespace {

boost::json::value stall(const std::optional<Stall>& stall) {
    if (!stall) {
        return nullptr;
    }
    return boost::json::object{{"avg10", stall->avg10},
                               {"avg60", stall->avg60},
                               {"avg300", stall->avg300},
                               {"total_seconds", stall->total_seconds}};
}

boost::json::object stalls(const Stalls& stalls) {
    return {{"some", stall(stalls.some)}, {"full", stall(stalls.full)}};
}

}  // namespace

std::string rfc3339(WallTime time) {
    return utc_text(time, "YYYY-MM-DDThh:mm:ss.fffZ");
}

boost::json::value parts::pressure(const Pressure& pressure) {
    return boost::json::object{{"cpu", stalls(pressure.cpu)},
                               {"memory", stalls(pressure.memory)},
                               {"io", stalls(pressure.io)}};
}

}  // namespace paws::exporter
