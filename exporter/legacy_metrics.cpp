// What the earlier exporter called runner_*, under its own names and labels, so that old dashboards
// live through the move. It knew one runner per host: the first one stands for it.

#include "core/names.h"
#include "exporter/schema.h"

#include <array>

namespace paws::exporter {

namespace {

const Filesystem* root_filesystem(const View& view) {
    const auto* all = view.fresh(view.host().filesystems);
    if (all == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find(*all, "/", &Filesystem::mountpoint);
    return found == all->end() || !found->usage ? nullptr : &*found;
}

void add(const View& view, Series& out, double value) {
    out.add(value, {view.agent.hostname, view.agent.environment});
}

void status(const View& view, Series& out) {
    const auto* unit =
        view.runners().empty() ? nullptr : view.fresh(view.runners().front().unit_state);
    const std::string_view active_state = view.runners().empty() ? "not_found"
                                          : unit == nullptr      ? "unknown"
                                                            : std::string_view{unit->active_state};
    out.add(active_state == "active" ? 1 : 0,
            {view.agent.hostname, view.agent.environment, "false", active_state});
}

void cpu_usage(const View& view, Series& out) {
    if (const auto busy = view.snapshot.judged.host.cpu_busy; busy && !view.outdated) {
        add(view, out, 100 * *busy);
    }
}

void memory_usage(const View& view, Series& out) {
    const auto* memory = view.fresh(view.host().memory);
    if (memory != nullptr && memory->total_bytes != 0) {
        const auto used = memory->total_bytes - memory->available_bytes;
        add(view,
            out,
            100.0 * static_cast<double>(used) / static_cast<double>(memory->total_bytes));
    }
}

void memory_total(const View& view, Series& out) {
    if (const auto* memory = view.fresh(view.host().memory)) {
        add(view, out, static_cast<double>(memory->total_bytes));
    }
}

void disk_usage(const View& view, Series& out) {
    const auto* root = root_filesystem(view);
    if (root != nullptr && root->usage->size_bytes != 0) {
        const auto free = static_cast<double>(root->usage->avail_bytes);
        add(view, out, 100 * (1 - free / static_cast<double>(root->usage->size_bytes)));
    }
}

void disk_available(const View& view, Series& out) {
    if (const auto* root = root_filesystem(view)) {
        add(view, out, static_cast<double>(root->usage->avail_bytes));
    }
}

void last_check_in(const View& view, Series& out) {
    const auto* judgement = view.runners().empty() ? nullptr : view.judged(view.runners().front());
    if (judgement != nullptr && judgement->last_contact) {
        add(view, out, to_unix_seconds(*judgement->last_contact));
    }
}

constexpr std::string_view labels = "hostname,environment";
constexpr std::array legacy_table{
    Metric{.name = "runner_status",
           .labels = "hostname,environment,authorized_for_prod,active_state",
           .help = "Use paws_runner_up. Whether the first runner's unit is active.",
           .absent = "never; authorized_for_prod is false in this version",
           .fill = status},
    Metric{.name = "runner_cpu_usage_percent",
           .labels = labels,
           .help = "Use paws_host_cpu_seconds_total. CPU time that was not idle.",
           .absent = "before the agent's second tick",
           .fill = cpu_usage},
    Metric{.name = "runner_memory_usage_percent",
           .labels = labels,
           .help = "Use paws_host_memory_available_bytes. Memory that is not available.",
           .absent = "the memory collector is switched off or has failed for 30 s",
           .fill = memory_usage},
    Metric{.name = "runner_memory_total_bytes",
           .unit = "bytes",
           .labels = labels,
           .help = "Use paws_host_memory_total_bytes. Memory that the kernel manages.",
           .absent = "the memory collector is switched off or has failed for 30 s",
           .fill = memory_total},
    Metric{.name = "runner_disk_usage_percent",
           .labels = labels,
           .help = "Use paws_filesystem_avail_bytes. Used space of the root filesystem.",
           .absent = "the root filesystem does not answer",
           .fill = disk_usage},
    Metric{.name = "runner_disk_available_bytes",
           .unit = "bytes",
           .labels = labels,
           .help = "Use paws_filesystem_avail_bytes. Free space of the root filesystem.",
           .absent = "the root filesystem does not answer",
           .fill = disk_available},
    Metric{.name = "runner_last_check_in_timestamp_seconds",
           .unit = "seconds",
           .labels = labels,
           .help = "Use paws_runner_last_contact_timestamp_seconds. The first runner's last "
                   "contact with GitHub.",
           .absent = "no contact was seen since the agent started",
           .fill = last_check_in},
};

}  // namespace

std::span<const Metric> legacy_metrics() {
    return legacy_table;
}

}  // namespace paws::exporter
