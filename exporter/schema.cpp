#include "exporter/schema.h"

#include "exporter/sections.h"

#include <array>
#include <unordered_map>

namespace paws::exporter {

namespace {

std::unordered_map<std::string_view, const Metric*> index_by_name() {
    std::unordered_map<std::string_view, const Metric*> index;
    for (const auto& section : schema()) {
        for (const auto& metric : section.metrics) {
            index.emplace(metric.name, &metric);
        }
    }
    for (const auto& metric : legacy_metrics()) {
        index.emplace(metric.name, &metric);
    }
    return index;
}

}  // namespace

std::span<const Section> schema() {
    static const std::array sections{
        Section{
            .title = "Agent", .about = "How the agent itself does.", .metrics = agent_metrics()},
        Section{.title = "Agent process",
                .about = "The agent's own cost, by the names that every exporter uses.",
                .metrics = process_metrics()},
        Section{.title = "Runners",
                .about = "One set per runner. `runner` is its unit without `actions.runner.` and "
                         "`.service`.",
                .metrics = runner_metrics()},
        Section{.title = "What runners use",
                .about = "From the cgroup of the runner's unit. Containers that a job starts run "
                         "outside of it, below the container engine's own cgroup: what they use is "
                         "in none of these numbers.",
                .metrics = runner_resource_metrics()},
        Section{.title = "Host", .about = "The machine.", .metrics = host_metrics()},
        Section{.title = "Filesystems",
                .about = "Every mounted filesystem that can fill up. `mountpoint` is as the host "
                         "sees it.",
                .metrics = filesystem_metrics()},
        Section{.title = "Disks and network",
                .about = "Block devices and network interfaces.",
                .metrics = device_metrics()},
        Section{.title = "Logs",
                .about = "What is shipped to Loki. Counters go on over restarts of the agent, but "
                         "for those of pushes.",
                .metrics = log_metrics()},
    };
    return sections;
}

const Metric* find_metric(std::string_view name) {
    static const auto index = index_by_name();
    const auto found = index.find(name);
    return found == index.end() ? nullptr : found->second;
}

}  // namespace paws::exporter
