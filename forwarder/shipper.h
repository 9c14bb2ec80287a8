// Shipper: the thread "ship", which brings the host's journal and the runners' traces to Loki. Its
// members may be called from any thread.

#pragma once

#include "core/log_shipping.h"
#include "core/result.h"
#include "forwarder/audience.h"
#include "forwarder/delivery.h"
#include "forwarder/journal_source.h"
#include "forwarder/ledger.h"
#include "forwarder/loki_client.h"
#include "forwarder/trace_source.h"
#include "forwarder/trial.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace paws::forwarder {

struct ShipperOptions {
    LokiOptions loki;
    platform::JournalPlace journal;
    std::string root = "/";  // below which the runners' directories are
    std::shared_ptr<const platform::HandedOver> handed = nullptr;  // of those, what was opened
    JournalFilter filter;
    Beginning beginning;
    bool traces = true;
    Labels labels;  // on every line
    std::vector<RedactionRule> redact;
    BatchBounds batch;
    JournalBounds reading;
    MetadataWish metadata = MetadataWish::as_loki_can;
    Delivery::Patience patience;
};

class Shipper {
public:
    struct House {
        std::function<Now()> now;
        std::function<void()> want_facts;  // a line waits for what is learned of its job
    };

    // The ledger outlives it; those of the house are called on the ship thread. The error says
    // which option is at fault.
    static Result<std::unique_ptr<Shipper>> start(ShipperOptions options,
                                                  Ledger& ledger,
                                                  House house);
    Shipper(const Shipper&) = delete;
    Shipper& operator=(const Shipper&) = delete;
    Shipper(Shipper&&) = delete;
    Shipper& operator=(Shipper&&) = delete;
    ~Shipper();  // NOLINT(bugprone-exception-escape): see there

    void set_roster(std::shared_ptr<const Roster> roster);
    LogShipping read() const;
    // What was made ready for Loki lately, for those who watch; see Audience.
    Audience& audience();

    // Sends one line and looks for it; the number of the trial, for Trials::read().
    std::uint64_t try_out();
    const Trials& trials() const;

    // Lets what is under way arrive, for at most `patience`; false when the thread is left behind.
    bool end(std::chrono::milliseconds patience);

private:
    struct State;
    explicit Shipper(std::shared_ptr<State> state) : state_{std::move(state)} {}
    std::shared_ptr<State> state_;
};

}  // namespace paws::forwarder
