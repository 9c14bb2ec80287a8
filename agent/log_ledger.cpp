#include "agent/log_ledger.h"

#include <utility>

namespace paws::agent {

namespace {

Error too_busy() {
    return {Errc::timeout, "the database is too busy"};
}

}  // namespace

void LogLedger::load(std::function<void(Result<Kept>)> done) {
    const bool asked =
        store_.ask([done, now = clock_().wall](Archive& archive) { done(archive.load_logs(now)); });
    if (!asked) {
        done(too_busy());
    }
}

void LogLedger::commit(forwarder::Progress progress,
                       std::vector<QuarantinedLine> quarantined,
                       std::function<void(Result<void>)> done) {
    LogSave save{.progress = std::move(progress), .quarantined = std::move(quarantined)};
    const bool asked = store_.ask([save = std::move(save), done, now = clock_().wall](
                                      Archive& archive) { done(archive.save_logs(save, now)); });
    if (!asked) {
        done(too_busy());
    }
}

}  // namespace paws::agent
