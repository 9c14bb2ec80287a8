// Sockets: whether a runner is connected to GitHub: the established TCP connections of its unit's
// cgroup to port 443, to the servers its settings name, or to its proxy.
// A job's own connections count as well: nothing tells them from the listener's while a job runs.

#pragma once

#include "collectors/cgroup_hierarchy.h"
#include "collectors/collector.h"
#include "core/runner_facts.h"
#include "platform/root_fs.h"
#include "platform/sock_diag.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::collectors {

// Whether `connection` may be one to GitHub, by what the runner's files say.
bool leads_to_github(const platform::TcpConnection& connection, const RunnerFiles* files);

class SocketsCollector final : public Collector {
public:
    using Dump = std::function<Result<std::vector<platform::TcpConnection>>(
        std::span<const std::uint64_t> cgroups)>;

    explicit SocketsCollector(const platform::RootFs& root, Dump dump = platform::established_tcp)
        : hierarchy_{root}, dump_{std::move(dump)} {}
    std::string_view name() const override { return "sockets"; }
    Stage stage() const override { return Stage::runners; }
    // One dump for all runners, none when no runner has a cgroup that sockets can name.
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    struct Subject {
        const Runner* runner = nullptr;
        std::vector<std::uint64_t> cgroups;  // ascending; empty: it cannot be told
    };
    std::vector<Subject> subjects(const Facts& seen) const;

    CgroupHierarchy hierarchy_;
    Dump dump_;
};

}  // namespace paws::collectors
