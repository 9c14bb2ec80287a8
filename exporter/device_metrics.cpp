#include "exporter/sections.h"

#include <array>

namespace paws::exporter {

namespace {

constexpr std::string_view no_disks = "the device is gone, or the collector is switched off";
constexpr std::string_view no_network = "the interface is gone, or the collector is switched off";

template <auto Member>
void disk(const View& view, Series& out) {
    if (const auto* disks = view.fresh(view.host().disks)) {
        for (const auto& one : *disks) {
            out.add_first(static_cast<double>(one.*Member), {one.device});
        }
    }
}

template <auto Direction, auto Member>
void network(const View& view, Series& out) {
    if (const auto* devices = view.fresh(view.host().network)) {
        for (const auto& one : *devices) {
            out.add_first(static_cast<double>(one.*Direction.*Member), {one.device});
        }
    }
}

using Net = NetworkDevice;
using Counters = NetworkCounters;
constexpr std::array device_table{
    Metric{.name = "paws_disk_read_bytes_total",
           .kind = Kind::counter,
           .unit = "bytes",
           .labels = "device",
           .help = "Bytes read from the device since boot.",
           .absent = no_disks,
           .fill = disk<&Disk::read_bytes>},
    Metric{.name = "paws_disk_written_bytes_total",
           .kind = Kind::counter,
           .unit = "bytes",
           .labels = "device",
           .help = "Bytes written to the device since boot.",
           .absent = no_disks,
           .fill = disk<&Disk::written_bytes>},
    Metric{.name = "paws_disk_reads_completed_total",
           .kind = Kind::counter,
           .labels = "device",
           .help = "Reads that the device completed since boot.",
           .absent = no_disks,
           .fill = disk<&Disk::reads_completed>},
    Metric{.name = "paws_disk_writes_completed_total",
           .kind = Kind::counter,
           .labels = "device",
           .help = "Writes that the device completed since boot.",
           .absent = no_disks,
           .fill = disk<&Disk::writes_completed>},
    Metric{.name = "paws_disk_io_time_seconds_total",
           .kind = Kind::counter,
           .unit = "seconds",
           .labels = "device",
           .help = "Time in which the device had requests under way.",
           .absent = no_disks,
           .fill = disk<&Disk::io_time_seconds>},
    Metric{.name = "paws_network_receive_bytes_total",
           .kind = Kind::counter,
           .unit = "bytes",
           .labels = "device",
           .help = "Bytes received by the interface.",
           .absent = no_network,
           .fill = network<&Net::receive, &Counters::bytes>},
    Metric{.name = "paws_network_receive_errs_total",
           .kind = Kind::counter,
           .labels = "device",
           .help = "Receive errors of the interface.",
           .absent = no_network,
           .fill = network<&Net::receive, &Counters::errs>},
    Metric{.name = "paws_network_receive_drop_total",
           .kind = Kind::counter,
           .labels = "device",
           .help = "Received packets that were dropped.",
           .absent = no_network,
           .fill = network<&Net::receive, &Counters::drop>},
    Metric{.name = "paws_network_transmit_bytes_total",
           .kind = Kind::counter,
           .unit = "bytes",
           .labels = "device",
           .help = "Bytes sent by the interface.",
           .absent = no_network,
           .fill = network<&Net::transmit, &Counters::bytes>},
    Metric{.name = "paws_network_transmit_errs_total",
           .kind = Kind::counter,
           .labels = "device",
           .help = "Transmit errors of the interface.",
           .absent = no_network,
           .fill = network<&Net::transmit, &Counters::errs>},
    Metric{.name = "paws_network_transmit_drop_total",
           .kind = Kind::counter,
           .labels = "device",
           .help = "Packets to send that were dropped.",
           .absent = no_network,
           .fill = network<&Net::transmit, &Counters::drop>},
};

}  // namespace

std::span<const Metric> device_metrics() {
    return device_table;
}

}  // namespace paws::exporter
