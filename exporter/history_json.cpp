#include "exporter/history_json.h"

#include "core/names.h"
#include "core/text.h"
#include "exporter/json_parts.h"

#include <cmath>

#include <boost/json/array.hpp>

namespace paws::exporter {

namespace json = boost::json;

namespace {

// A plot is small: four digits of a value are more than it shows.
double rounded(float value) {
    if (value == 0 || !std::isfinite(value)) {
        return 0;
    }
    const double exact = value;
    const double scale = std::pow(10.0, 3 - std::floor(std::log10(std::abs(exact))));
    return std::round(exact * scale) / scale;
}

json::object numbers(const std::vector<Track<float>>& tracks) {
    json::object all;
    for (const auto& track : tracks) {
        auto& list = all[valid_utf8(track.name)].emplace_array();
        list.reserve(track.steps.size());
        for (const auto& value : track.steps) {
            list.push_back(value ? json::value(rounded(*value)) : json::value(nullptr));
        }
    }
    return all;
}

json::array runs_of(const std::vector<std::optional<RunnerState>>& steps) {
    json::array runs;
    for (std::size_t begin = 0, end = 0; begin < steps.size(); begin = end) {
        while (end < steps.size() && steps[end] == steps[begin]) {
            ++end;
        }
        const auto state =
            steps[begin] ? json::value(to_string(*steps[begin])) : json::value(nullptr);
        runs.push_back(json::array{state, end - begin});
    }
    return runs;
}

}  // namespace

json::object history_json(const PastHour& past, const Now& now) {
    json::object states;
    for (const auto& track : past.runners) {
        states[valid_utf8(track.name)] = runs_of(track.steps);
    }
    json::object document;
    document["version"] = 1;
    document["time"] = rfc3339(now.wall);
    document["step_seconds"] = History::step.count();
    document["newest_age_seconds"] =
        past.newest ? json::value(to_seconds(now.boot - *past.newest)) : json::value(nullptr);
    document["gauges"] = numbers(past.gauges);
    document["filesystems"] = numbers(past.filesystems);
    document["runners"] = std::move(states);
    return document;
}

}  // namespace paws::exporter
