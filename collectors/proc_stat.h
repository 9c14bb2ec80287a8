// CPU times and the time of boot, both from one file (proc_stat(5)).

#pragma once

#include "collectors/collector.h"
#include "core/host_facts.h"
#include "core/result.h"
#include "core/time.h"
#include "platform/root_fs.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace paws::collectors {

struct ProcStat {
    Cpu cpu;
    WallTime boot;  // moves with the wall clock: the kernel takes it from there
};

Result<ProcStat> parse_proc_stat(std::string_view text);

// `now`, but no mode ever runs backwards: the kernel's idle and iowait do by a little now and then
// (proc_stat(5)). Idle falling by 3 s or more means that CPUs were taken away: all start anew.
CpuTimes forward_only(const CpuTimes& before, const CpuTimes& now);

// Reads the file once for both collectors of one round: the kernel needs long to write it.
class ProcStatFile {
public:
    explicit ProcStatFile(platform::RootFs root) : root_{std::move(root)} {}
    const Result<ProcStat>& read(const Now& now);
    // What was read within the last 50 ms, or else now.
    const Result<ProcStat>& recent(const Now& now);

private:
    Result<ProcStat> parsed() const;

    platform::RootFs root_;
    std::optional<BootTime> taken_;
    Result<ProcStat> latest_ = Error{};
};

class CpuCollector final : public Collector {
public:
    explicit CpuCollector(std::shared_ptr<ProcStatFile> file) : file_{std::move(file)} {}
    std::string_view name() const override { return "cpu"; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    std::shared_ptr<ProcStatFile> file_;
    std::optional<CpuTimes> before_;
};

class BootCollector final : public Collector {
public:
    explicit BootCollector(std::shared_ptr<ProcStatFile> file) : file_{std::move(file)} {}
    std::string_view name() const override { return "boot"; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    std::shared_ptr<ProcStatFile> file_;
};

}  // namespace paws::collectors
