#include "collectors/disk.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace paws::collectors {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::uint64_t sector_bytes = 512;

// Takes the digits at the end of `name` off; false when there are none.
bool drop_number(std::string_view& name) {
    const auto end = name.find_last_not_of(digits);
    const auto length = end == std::string_view::npos ? 0 : end + 1;
    const bool found = length < name.size();
    name = name.substr(0, length);
    return found;
}

// "sd" and a letter, and its kin: what a plain disk is called.
bool is_plain_disk(std::string_view name) {
    const bool letter = !name.empty() && name.back() >= 'a' && name.back() <= 'z';
    const auto kind = name.substr(0, name.size() - (letter ? 1 : 0));
    return letter && (kind == "sd" || kind == "hd" || kind == "vd" || kind == "xvd");
}

// nvme0n1p: without its partition number.
bool is_nvme_partition(std::string_view name) {
    if (!name.starts_with("nvme") || !name.ends_with('p')) {
        return false;
    }
    name.remove_suffix(1);
    return drop_number(name) && name.ends_with('n') && (name.remove_suffix(1), drop_number(name)) &&
           name == "nvme";
}

// node_exporter's ^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$
bool is_left_out(std::string_view name) {
    static constexpr std::array<std::string_view, 4> kinds{"ram", "zram", "loop", "fd"};
    return drop_number(name) && (std::ranges::find(kinds, name) != kinds.end() ||
                                 is_plain_disk(name) || is_nvme_partition(name));
}

using Counts = std::array<std::uint64_t, 10>;

std::optional<Counts> take_counts(std::string_view line) {
    Counts counts{};
    for (auto& count : counts) {
        const auto number = parse_integer<std::uint64_t>(take_word(line));
        if (!number) {
            return std::nullopt;
        }
        count = *number;
    }
    return counts;
}

std::optional<Disk> to_disk(std::string_view name, const Counts& counts) {
    constexpr auto most_sectors = std::numeric_limits<std::uint64_t>::max() / sector_bytes;
    const auto read_sectors = counts[2];
    const auto written_sectors = counts[6];
    if (read_sectors > most_sectors || written_sectors > most_sectors) {
        return std::nullopt;
    }
    return Disk{.device = printable(name),
                .reads_completed = counts[0],
                .read_bytes = read_sectors * sector_bytes,
                .writes_completed = counts[4],
                .written_bytes = written_sectors * sector_bytes,
                .io_time_seconds = static_cast<double>(counts[9]) / 1e3};
}

}  // namespace

Result<std::vector<Disk>> parse_disks(std::string_view text) {
    std::vector<Disk> disks;
    while (!text.empty()) {
        auto line = take_until(text, '\n');
        const auto major = take_word(line);
        const auto minor = take_word(line);
        const auto name = take_word(line);
        if (is_left_out(name)) {
            continue;
        }
        const auto counts = take_counts(line);
        auto disk = counts ? to_disk(name, *counts) : std::nullopt;
        if (!disk || !parse_integer<unsigned>(major) || !parse_integer<unsigned>(minor)) {
            return Error{Errc::malformed,
                         "'" + printable(name, 32) + "' is not a device with its counters"};
        }
        disks.push_back(*std::move(disk));
    }
    return disks;
}

}  // namespace paws::collectors
