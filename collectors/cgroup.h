// Cgroup: what the kernel counts for all processes of a runner's unit together.
// Whatever a host does not count is absent (kernel doc: admin-guide/cgroup-v2.rst, and
// admin-guide/cgroup-v1/ where the controllers are still there).

#pragma once

#include "collectors/cgroup_hierarchy.h"
#include "collectors/collector.h"
#include "core/runner_facts.h"
#include "platform/root_fs.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

// Bytes of all devices together; no line at all is no I/O yet.
struct IoBytes {
    std::uint64_t read = 0;
    std::uint64_t written = 0;
};
Result<IoBytes> parse_io_stat(std::string_view text);  // v2: io.stat
Result<IoBytes> parse_io_service_bytes(
    std::string_view text);  // v1: blkio.throttle.io_service_bytes

// The number after `key` in a file of "key number" lines (cpu.stat, memory.events, ...).
std::optional<std::uint64_t> find_number(std::string_view text, std::string_view key);

class CgroupCollector final : public Collector {
public:
    explicit CgroupCollector(const platform::RootFs& root) : root_{root}, hierarchy_{root} {}
    std::string_view name() const override { return "cgroup"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    // Nothing when the cgroup is not there (any more).
    std::optional<Cgroup> look(const std::string& control_group) const;
    void look_at_v2(const std::string& directory, Cgroup& cgroup) const;
    void look_at_v1(const std::string& control_group, Cgroup& cgroup) const;
    std::optional<IoBytes> read(const std::string& path,
                                Result<IoBytes> (*parse)(std::string_view)) const;
    Stalls stalls(const std::string& path) const;
    std::optional<std::uint64_t> number(const std::string& path) const;
    std::optional<std::uint64_t> number(const std::string& path, std::string_view key) const;

    platform::RootFs root_;
    CgroupHierarchy hierarchy_;
};

}  // namespace paws::collectors
