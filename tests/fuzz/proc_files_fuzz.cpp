#include "collectors/disk.h"
#include "collectors/load.h"
#include "collectors/memory.h"
#include "collectors/network.h"
#include "collectors/oom.h"
#include "collectors/pressure.h"
#include "collectors/proc_stat.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

#include <cmath>

namespace {

using namespace paws;
using namespace collectors;

bool load(std::string_view text) {
    const auto load = parse_load(text);
    fuzz::require(!load || (load->one >= 0 && std::isfinite(load->one)));
    return load.has_value();
}

bool pressure(std::string_view text) {
    const auto stalls = parse_stalls(text);
    fuzz::require(!stalls || stalls->some || stalls->full);
    return stalls.has_value();
}

bool disks(std::string_view text) {
    const auto disks = parse_disks(text);
    if (disks) {
        for (const auto& disk : *disks) {
            fuzz::require(printable(disk.device) == disk.device);
        }
    }
    return disks && !disks->empty();
}

bool network(std::string_view text) {
    const auto devices = parse_network(text);
    if (devices) {
        for (const auto& device : *devices) {
            fuzz::require(printable(device.device) == device.device);
        }
    }
    return devices && !devices->empty();
}

bool stat(std::string_view text) {
    const auto stat = parse_proc_stat(text);
    fuzz::require(!stat || stat->cpu.cpus > 0);
    return stat.has_value();
}

}  // namespace

// The first letter says whose file the rest is.
bool paws::fuzz::accepts(std::string_view input) {
    const auto kind = input.substr(0, 1);
    const auto text = input.substr(kind.size());
    return (kind == "d" && disks(text)) || (kind == "l" && load(text)) ||
           (kind == "m" && parse_memory(text)) || (kind == "n" && network(text)) ||
           (kind == "o" && parse_oom_kills(text)) || (kind == "p" && pressure(text)) ||
           (kind == "s" && stat(text));
}
