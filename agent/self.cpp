#include "agent/self.h"

#include "agent/version.h"
#include "core/proc_stat.h"
#include "core/text.h"
#include "platform/root_fs.h"

#include <array>

#include <sys/resource.h>
#include <unistd.h>

namespace paws::agent {

namespace {

double ticks_per_second() {
    return static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::chrono::nanoseconds span_of(std::uint64_t ticks) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>{static_cast<double>(ticks) / ticks_per_second()});
}

exporter::ProcessStats own_process(const Now& now) {
    exporter::ProcessStats stats;
    const auto root = platform::RootFs::open("/");
    if (!root) {
        return stats;
    }
    if (const auto text = root->read("proc/self/stat")) {
        if (const auto stat = parse_own_stat(*text)) {
            stats.cpu_seconds = static_cast<double>(stat->cpu_ticks) / ticks_per_second();
            stats.virtual_bytes = stat->virtual_bytes;
            stats.resident_bytes =
                stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
            const auto age = now.boot.time_since_epoch() - span_of(stat->start_ticks);
            stats.started = now.wall - age;
        }
    }
    if (const auto fds = root->list("proc/self/fd")) {
        stats.open_fds = fds->size() - 1;  // without the one that lists them
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        stats.max_fds = limit.rlim_cur;
    }
    return stats;
}

std::string own_hostname() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? printable(name.data()) : "";
}

}  // namespace

std::optional<OwnStat> parse_own_stat(std::string_view text) {
    const auto fields = split_proc_stat(text).value_or(ProcStatFields{});
    const auto user = parse_integer<std::uint64_t>(fields[14]);
    const auto system = parse_integer<std::uint64_t>(fields[15]);
    const auto start = parse_integer<std::uint64_t>(fields[22]);
    const auto virtual_bytes = parse_integer<std::uint64_t>(fields[23]);
    const auto resident = parse_integer<std::uint64_t>(fields[24]);
    if (!user || !system || !start || !virtual_bytes || !resident) {
        return std::nullopt;
    }
    return OwnStat{.cpu_ticks = *user + *system,
                   .start_ticks = *start,
                   .virtual_bytes = *virtual_bytes,
                   .resident_pages = *resident};
}

void Self::set_environment(const std::string& environment) {
    const std::lock_guard lock{mutex_};
    environment_ = environment;
}

exporter::AgentInfo Self::describe() const {
    const auto now = clock_();
    exporter::AgentInfo info{.version = std::string{version()},
                             .revision = std::string{revision()},
                             .pid = ::getpid(),
                             .hostname = own_hostname(),
                             .environment = "",
                             .process = own_process(now),
                             .now = now};
    const std::lock_guard lock{mutex_};
    info.environment = environment_;
    info.config_file = config_file_;
    return info;
}

}  // namespace paws::agent
