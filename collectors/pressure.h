// Pressure: who waits for CPU, memory and I/O (kernel doc: accounting/psi.rst).

#pragma once

#include "collectors/collector.h"
#include "core/host_facts.h"
#include "platform/root_fs.h"

#include <string>
#include <string_view>
#include <utility>

namespace paws::collectors {

// The lines `some` and `full` of proc/pressure/* or of a cgroup's *.pressure.
Result<Stalls> parse_stalls(std::string_view text);

class PressureCollector final : public Collector {
public:
    explicit PressureCollector(platform::RootFs root) : root_{std::move(root)} {}
    std::string_view name() const override { return "pressure"; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    // Nothing in it where the kernel does not measure.
    Result<Stalls> read(std::string_view path) const;

    platform::RootFs root_;
};

}  // namespace paws::collectors
