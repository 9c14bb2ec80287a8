#include "policy/waiting.h"

#include "core/snapshot.h"

namespace paws::policy {

const WaitingJob* job_kept_from(const Runner& runner, const Now& now) {
    const auto* api = fresh(runner.api, now, network_fresh_for);
    const auto* waiting = fresh(runner.waiting, now, network_fresh_for);
    const bool free = api != nullptr && api->registration == Registration::online && !api->busy;
    return free && !runner.wish && waiting != nullptr && waiting->longest ? &*waiting->longest
                                                                          : nullptr;
}

}  // namespace paws::policy
