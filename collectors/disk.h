// Disks: what was read and written (kernel doc: admin-guide/iostats.rst).

#pragma once

#include "core/host_facts.h"
#include "core/result.h"

#include <string_view>
#include <vector>

namespace paws::collectors {

// All devices of proc/diskstats but those that node_exporter leaves out by default: ram and loop
// devices, and partitions of plain disks and of NVMe.
Result<std::vector<Disk>> parse_disks(std::string_view text);

}  // namespace paws::collectors
