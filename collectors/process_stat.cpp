#include "collectors/process_stat.h"

#include "core/proc_stat.h"
#include "core/text.h"

namespace paws::collectors {

Result<Process> parse_process_stat(std::string_view text) {
    const auto fields = split_proc_stat(text).value_or(ProcStatFields{});
    const auto pid = parse_integer<int>(fields[1]);
    const auto state = fields[3];
    const auto parent = parse_integer<int>(fields[4]);
    const auto start = parse_integer<std::uint64_t>(fields[22]);
    if (!pid || *pid <= 0 || state.size() != 1 || !parent || !start) {
        return Error{Errc::malformed, "is not a line of /proc/PID/stat"};
    }
    Process process;
    process.pid = *pid;
    process.parent = *parent;
    process.start_ticks = *start;
    process.state = state.front();
    process.comm = printable(fields[2], 64);
    return process;
}

}  // namespace paws::collectors
