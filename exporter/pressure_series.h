// The series of a pressure metric (labels resource, kind), alone or for one runner.

#pragma once

#include "exporter/metric.h"

#include <array>
#include <string_view>

namespace paws::exporter {

namespace detail {

template <class Add>
void each_stall(const Pressure& pressure, const Add& add) {
    const std::array resources{
        std::pair<std::string_view, const Stalls*>{"cpu", &pressure.cpu},
        std::pair<std::string_view, const Stalls*>{"memory", &pressure.memory},
        std::pair<std::string_view, const Stalls*>{"io", &pressure.io}};
    for (const auto& [resource, stalls] : resources) {
        if (stalls->some) {
            add(stalls->some->total_seconds, resource, "some");
        }
        if (stalls->full) {
            add(stalls->full->total_seconds, resource, "full");
        }
    }
}

}  // namespace detail

inline void add_pressure(const Pressure& pressure, Series& out) {
    detail::each_stall(pressure, [&](double seconds, std::string_view resource, const char* kind) {
        out.add(seconds, {resource, kind});
    });
}

inline void add_pressure(const Pressure& pressure, std::string_view runner, Series& out) {
    detail::each_stall(pressure, [&](double seconds, std::string_view resource, const char* kind) {
        out.add(seconds, {runner, resource, kind});
    });
}

}  // namespace paws::exporter
