#include "exporter/sections.h"

#include <array>

namespace paws::exporter {

namespace {

constexpr std::string_view labels = "mountpoint,device,fstype";
constexpr std::string_view no_answer =
    "the filesystem does not answer: see "
    "paws_filesystem_device_error";

template <class Value>
void each_filesystem(const View& view, Series& out, const Value& value) {
    if (const auto* all = view.fresh(view.host().filesystems)) {
        for (const auto& one : *all) {
            if (const auto number = value(one)) {
                out.add_first(*number, {one.mountpoint, one.device, one.fstype});
            }
        }
    }
}

template <auto Member>
void usage(const View& view, Series& out) {
    each_filesystem(view, out, [](const Filesystem& one) -> std::optional<double> {
        if (!one.usage) {
            return std::nullopt;
        }
        return static_cast<double>((*one.usage).*Member);
    });
}

template <auto Member>
void inodes(const View& view, Series& out) {
    each_filesystem(view, out, [](const Filesystem& one) -> std::optional<double> {
        if (!one.usage || one.usage->files == 0) {
            return std::nullopt;
        }
        return static_cast<double>((*one.usage).*Member);
    });
}

void readonly(const View& view, Series& out) {
    each_filesystem(
        view, out, [](const Filesystem& one) { return std::optional{one.read_only ? 1.0 : 0.0}; });
}

void device_error(const View& view, Series& out) {
    each_filesystem(view, out, [](const Filesystem& one) {
        return one.hidden ? std::nullopt : std::optional{one.usage ? 0.0 : 1.0};
    });
}

void full_in(const View& view, Series& out) {
    const auto& forecasts = view.snapshot.judged.host.full_in_seconds;
    each_filesystem(view, out, [&](const Filesystem& one) -> std::optional<double> {
        const auto forecast = forecasts.find(one.mountpoint);
        return forecast == forecasts.end() ? std::nullopt : std::optional{forecast->second};
    });
}

constexpr std::array filesystem_table{
    Metric{.name = "paws_filesystem_size_bytes",
           .unit = "bytes",
           .labels = labels,
           .help = "Size of the filesystem.",
           .absent = no_answer,
           .fill = usage<&FilesystemUsage::size_bytes>},
    Metric{.name = "paws_filesystem_avail_bytes",
           .unit = "bytes",
           .labels = labels,
           .help = "Space that a writer without privileges can get.",
           .absent = no_answer,
           .fill = usage<&FilesystemUsage::avail_bytes>},
    Metric{.name = "paws_filesystem_files",
           .labels = labels,
           .help = "Inodes of the filesystem.",
           .absent = "the filesystem has no fixed number of inodes (btrfs, vfat), or does not "
                     "answer",
           .fill = inodes<&FilesystemUsage::files>},
    Metric{.name = "paws_filesystem_files_free",
           .labels = labels,
           .help = "Inodes that are free.",
           .absent = "the filesystem has no fixed number of inodes (btrfs, vfat), or does not "
                     "answer",
           .fill = inodes<&FilesystemUsage::files_free>},
    Metric{.name = "paws_filesystem_readonly",
           .labels = labels,
           .help = "Whether the filesystem is mounted read-only, as PID 1 sees it.",
           .absent = "the collector is switched off or has failed for 30 s",
           .fill = readonly},
    Metric{.name = "paws_filesystem_device_error",
           .labels = labels,
           .help = "Whether the filesystem does not answer or refuses: its sizes are then "
                   "absent.",
           .absent = "the agent's own sandbox hides the mount (its sizes are absent too), or the "
                     "collector is switched off or has failed for 30 s",
           .fill = device_error},
    Metric{.name = "paws_filesystem_full_in_seconds",
           .unit = "seconds",
           .labels = labels,
           .help = "Time until no space is left, if the present trend goes on.",
           .absent = "the trend does not lead to a full filesystem, or is not known yet",
           .fill = full_in},
};

}  // namespace

std::span<const Metric> filesystem_metrics() {
    return filesystem_table;
}

}  // namespace paws::exporter
