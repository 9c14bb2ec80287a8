// ShippedLogs: has logs shipped as the configuration says, and tells the log how that goes. Lives
// on the loop.

#pragma once

#include "agent/config.h"
#include "agent/log.h"
#include "agent/log_ledger.h"
#include "agent/news.h"
#include "agent/self.h"
#include "core/snapshot.h"
#include "forwarder/shipper.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace paws::agent {

class ShippedLogs {
public:
    struct House {
        Clock clock;
        std::optional<std::chrono::nanoseconds> since;  // --since
        std::function<void()> want_facts;  // for a line that waits for its job; on any thread
        std::shared_ptr<const platform::HandedOver> handed = nullptr;  // runners' directories
    };

    // All outlive it.
    ShippedLogs(Log& log, Store& store, const Self& self, House house);

    void begin(const Config& config);
    // After a reload: begins anew where what concerns it is another.
    void follow(const Config& before, const Config& now);

    // Null: no logs are shipped.
    forwarder::Shipper* shipper() const { return shipper_.get(); }
    std::optional<LogShipping> read() const;

    // What was learned of runners, for their lines, and how shipping goes, for the log.
    void tell(const Snapshot& snapshot);

    // False when its thread is left behind.
    bool end(std::chrono::milliseconds patience);

private:
    void log_state(const LogShipping& logs, BootTime now);
    void log_troubles(const LogShipping& logs, BootTime now);

    Log& log_;
    const Self& self_;
    House house_;
    LogLedger ledger_;
    std::unique_ptr<forwarder::Shipper> shipper_;
    News state_news_{"starting"};
    News source_news_{""};
};

}  // namespace paws::agent
