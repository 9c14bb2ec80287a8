// The sections of the schema, one file each.

#pragma once

#include "exporter/metric.h"

#include <span>

namespace paws::exporter {

std::span<const Metric> agent_metrics();
std::span<const Metric> process_metrics();
std::span<const Metric> runner_metrics();
std::span<const Metric> runner_resource_metrics();
std::span<const Metric> host_metrics();
std::span<const Metric> filesystem_metrics();
std::span<const Metric> device_metrics();
std::span<const Metric> log_metrics();

}  // namespace paws::exporter
