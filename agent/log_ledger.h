// LogLedger: the store as the forwarder sees it. Any thread.

#pragma once

#include "agent/store.h"
#include "core/time.h"
#include "forwarder/ledger.h"

#include <functional>

namespace paws::agent {

class LogLedger final : public forwarder::Ledger {
public:
    LogLedger(Store& store, std::function<Now()> clock) : store_{store}, clock_{std::move(clock)} {}

    void load(std::function<void(Result<Kept>)> done) override;
    void commit(forwarder::Progress progress,
                std::vector<QuarantinedLine> quarantined,
                std::function<void(Result<void>)> done) override;

private:
    Store& store_;
    std::function<Now()> clock_;
};

}  // namespace paws::agent
