#include "collectors/runner_log_fold.h"
#include "collectors/runner_log_lines.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <numeric>

using namespace paws;
using namespace paws::collectors;

namespace {

// What holds of a log, whatever its lines were.
void check(const RunnerLog& log, WallTime now) {
    fuzz::require(log.finished.size() <= untold_jobs_limit);
    fuzz::require(log.recent_exits.size() <= remembered_exits);
    fuzz::require(log.counters.job_duration_sum_seconds >= 0);
    fuzz::require(!log.contact || *log.contact <= now);
    fuzz::require(std::ranges::all_of(log.finished, [](const Job& job) {
        return job.finished && job.result && *job.finished >= job.started &&
               job.name == printable(job.name);
    }));
    const auto& durations = log.counters.job_durations;
    fuzz::require(
        std::accumulate(durations.begin(), durations.end(), std::uint64_t{0}) <=
        std::accumulate(log.counters.jobs.begin(),
                        log.counters.jobs.end(),
                        std::uint64_t{0},
                        [](std::uint64_t sum, const auto& entry) { return sum + entry.second; }));
}

}  // namespace

// A journal, one entry a line: its first byte says when the entry came and whether it was cut.
bool paws::fuzz::accepts(std::string_view input) {
    RunnerLog log;
    RunnerLines lines;
    WallTime at{std::chrono::hours{24 * 365 * 56}};
    bool accepted = false;
    while (!input.empty()) {
        auto line = take_until(input, '\n');
        const int lead = line.empty() ? 0 : static_cast<unsigned char>(line.front());
        line.remove_prefix(std::min<std::size_t>(line.size(), 1));
        at += std::chrono::milliseconds{37} * (lead % 64 - 4);
        const auto event = lines.next({.text = line, .at = at, .broken = lead >= 0xC0});
        if (event) {
            require(event->text == printable(event->text));
            require((event->says == Says::job_finished) == event->result.has_value());
            fold(log, *event, at);
            check(log, at);
            accepted = true;
        }
    }
    return accepted;
}
