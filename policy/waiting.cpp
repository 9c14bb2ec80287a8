#include "policy/waiting.h"

#include "core/snapshot.h"
#include "policy/processes.h"

#include <algorithm>

namespace paws::policy {

namespace {

// Since its last job, or since it listens: before that it could take none.
std::optional<WallTime> free_since(const RunnerLog& log) {
    auto since = log.listening;
    if (!log.finished.empty() && log.finished.back().finished) {
        since = std::max(since.value_or(WallTime{}), *log.finished.back().finished);
    }
    return since;
}

}  // namespace

std::optional<KeptFrom> job_kept_from(const Runner& runner, const Now& now) {
    const auto* api = fresh(runner.api, now, network_fresh_for);
    const auto* waiting = fresh(runner.waiting, now, network_fresh_for);
    const auto* log = fresh(runner.log, now);
    const auto since = log == nullptr ? std::nullopt : free_since(*log);
    if (api == nullptr || api->registration != Registration::online || waiting == nullptr ||
        !since) {
        return std::nullopt;
    }
    const bool works = api->busy || log->job || has_worker(runner, now);
    if (works || runner.wish || !waiting->longest) {
        return KeptFrom{};
    }
    const auto free_for = std::max(to_seconds(now.wall - *since), 0.0);
    return KeptFrom{.job = &*waiting->longest,
                    .seconds = std::min(waiting->longest->seconds, free_for)};
}

}  // namespace paws::policy
