#include "collectors/cgroup.h"

#include "collectors/pressure.h"
#include "core/text.h"
#include "platform/small_file.h"

#include <array>
#include <utility>
#include <vector>

namespace paws::collectors {

namespace {

constexpr double microseconds = 1e6;
constexpr double nanoseconds = 1e9;

std::optional<double> seconds(std::optional<std::uint64_t> number, double per_second) {
    return number ? std::optional{static_cast<double>(*number) / per_second} : std::nullopt;
}

void set_io(const std::optional<IoBytes>& bytes, Cgroup& cgroup) {
    if (bytes) {
        cgroup.io_read_bytes = bytes->read;
        cgroup.io_written_bytes = bytes->written;
    }
}

Error malformed(std::string_view line) {
    return {Errc::malformed, "unexpected line '" + printable(line, 64) + "'"};
}

}  // namespace

std::optional<std::uint64_t> find_number(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        auto line = take_until(text, '\n');
        if (take_word(line) == key) {
            return parse_integer<std::uint64_t>(trim(line));
        }
    }
    return std::nullopt;
}

// "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0", one device a line.
Result<IoBytes> parse_io_stat(std::string_view text) {
    IoBytes sum;
    while (!text.empty()) {
        const auto line = take_until(text, '\n');
        auto rest = line;
        if (take_word(rest).empty()) {
            continue;
        }
        while (!rest.empty()) {
            auto value = take_word(rest);
            const auto key = take_until(value, '=');
            if (key != "rbytes" && key != "wbytes") {
                continue;
            }
            const auto bytes = parse_integer<std::uint64_t>(value);
            if (!bytes) {
                return malformed(line);
            }
            (key == "rbytes" ? sum.read : sum.written) += *bytes;
        }
    }
    return sum;
}

// "8:0 Read 1", "8:0 Write 2", ... and a last line "Total 3".
Result<IoBytes> parse_io_service_bytes(std::string_view text) {
    IoBytes sum;
    while (!text.empty()) {
        const auto line = take_until(text, '\n');
        auto rest = line;
        take_word(rest);
        const auto direction = take_word(rest);
        if (direction != "Read" && direction != "Write") {
            continue;
        }
        const auto bytes = parse_integer<std::uint64_t>(trim(rest));
        if (!bytes) {
            return malformed(line);
        }
        (direction == "Read" ? sum.read : sum.written) += *bytes;
    }
    return sum;
}

std::optional<std::uint64_t> CgroupCollector::number(const std::string& path) const {
    std::array<char, 64> buffer{};
    const auto file = platform::read_small(root_, path, buffer);
    return file ? parse_integer<std::uint64_t>(trim(file->text)) : std::nullopt;
}

std::optional<std::uint64_t> CgroupCollector::number(const std::string& path,
                                                     std::string_view key) const {
    std::array<char, 4096> buffer{};
    const auto file = platform::read_small(root_, path, buffer);
    return file ? find_number(file->text, key) : std::nullopt;
}

std::optional<IoBytes> CgroupCollector::read(const std::string& path,
                                             Result<IoBytes> (*parse)(std::string_view)) const {
    const auto text = root_.read(path);
    const auto bytes = text ? parse(*text) : Result<IoBytes>{text.error()};
    return bytes ? std::optional{*bytes} : std::nullopt;
}

Stalls CgroupCollector::stalls(const std::string& path) const {
    std::array<char, 512> buffer{};
    const auto file = platform::read_small(root_, path, buffer);
    auto parsed = file ? parse_stalls(file->text) : Result<Stalls>{file.error()};
    return parsed ? *std::move(parsed) : Stalls{};
}

void CgroupCollector::look_at_v2(const std::string& directory, Cgroup& cgroup) const {
    cgroup.cpu_seconds = seconds(number(directory + "/cpu.stat", "usage_usec"), microseconds);
    cgroup.memory_bytes = number(directory + "/memory.current");
    cgroup.memory_peak_bytes = number(directory + "/memory.peak");
    cgroup.oom_kills = number(directory + "/memory.events", "oom_kill");
    cgroup.pids = number(directory + "/pids.current");
    set_io(read(directory + "/io.stat", parse_io_stat), cgroup);
    cgroup.pressure.cpu = stalls(directory + "/cpu.pressure");
    cgroup.pressure.memory = stalls(directory + "/memory.pressure");
    cgroup.pressure.io = stalls(directory + "/io.pressure");
}

// Only what the unified tree did not tell; a controller that does not follow units has no
// directory.
void CgroupCollector::look_at_v1(const std::string& control_group, Cgroup& cgroup) const {
    const auto memory = hierarchy_.v1("memory", control_group);
    if (!cgroup.memory_bytes) {
        cgroup.memory_bytes = number(memory + "/memory.usage_in_bytes");
        cgroup.memory_peak_bytes = number(memory + "/memory.max_usage_in_bytes");
        cgroup.oom_kills = number(memory + "/memory.oom_control", "oom_kill");
    }
    if (!cgroup.cpu_seconds) {
        const auto cpu = hierarchy_.v1("cpuacct", control_group);
        cgroup.cpu_seconds = seconds(number(cpu + "/cpuacct.usage"), nanoseconds);
    }
    if (!cgroup.pids) {
        cgroup.pids = number(hierarchy_.v1("pids", control_group) + "/pids.current");
    }
    if (!cgroup.io_read_bytes) {
        const auto file =
            hierarchy_.v1("blkio", control_group) + "/blkio.throttle.io_service_bytes";
        const auto whole = read(file + "_recursive", parse_io_service_bytes);
        set_io(whole ? whole : read(file, parse_io_service_bytes), cgroup);
    }
}

std::optional<Cgroup> CgroupCollector::look(const std::string& control_group) const {
    Cgroup cgroup;
    cgroup.path = control_group;
    const auto directory = hierarchy_.find(control_group);
    if (directory) {
        cgroup.id = directory->id;
        look_at_v2(directory->path, cgroup);
    }
    if (!hierarchy_.v1("memory", control_group).empty()) {
        look_at_v1(control_group, cgroup);
    }
    const bool told = cgroup.cpu_seconds || cgroup.memory_bytes || cgroup.pids;
    return directory || told ? std::optional{cgroup} : std::nullopt;
}

Result<Fill> CgroupCollector::collect(const Facts& seen, const Now& now) {
    std::vector<std::pair<std::string, std::optional<Cgroup>>> found;
    for (const auto& runner : seen.runners) {
        if (!runner.unit_state.value) {
            continue;
        }
        const auto& control_group = runner.unit_state.value->control_group;
        found.emplace_back(runner.name,
                           is_control_group(control_group) ? look(control_group) : std::nullopt);
    }
    return Fill{[found = std::move(found), now](Facts& draft) {
        for (const auto& [name, cgroup] : found) {
            if (auto* runner = find_runner(draft, name)) {
                runner->cgroup = {.value = cgroup, .taken = now};
            }
        }
    }};
}

}  // namespace paws::collectors
