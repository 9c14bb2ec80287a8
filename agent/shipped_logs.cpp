#include "agent/shipped_logs.h"

#include "agent/log_options.h"

#include <initializer_list>
#include <utility>

namespace paws::agent {

namespace {

bool ship_alike(const Config& left, const Config& right) {
    return left.logs == right.logs && left.journal == right.journal &&
           left.agent.environment == right.agent.environment;
}

}  // namespace

ShippedLogs::ShippedLogs(Log& log, Store& store, const Self& self, House house)
    : log_{log}, self_{self}, house_{std::move(house)}, ledger_{store, house_.clock} {}

// The one before lets what is under way arrive; the next goes on where it stopped.
void ShippedLogs::begin(const Config& config) {
    shipper_.reset();
    if (config.logs.loki_url.empty()) {
        return;
    }
    auto options = log_options(
        config,
        {.host = self_.describe().hostname, .now = house_.clock().wall, .since = house_.since});
    options.handed = house_.handed;
    auto shipper = forwarder::Shipper::start(
        std::move(options), ledger_, {.now = house_.clock, .want_facts = house_.want_facts});
    if (!shipper) {
        log_.error("cannot ship logs", {{"error", shipper.error().what}});
        return;
    }
    shipper_ = std::move(*shipper);
}

void ShippedLogs::follow(const Config& before, const Config& now) {
    if (!ship_alike(before, now)) {
        begin(now);
    }
}

std::optional<LogShipping> ShippedLogs::read() const {
    return shipper_ ? std::optional{shipper_->read()} : std::nullopt;
}

void ShippedLogs::tell(const Snapshot& snapshot) {
    if (shipper_ && is_settled(snapshot)) {
        shipper_->set_roster(
            std::make_shared<const forwarder::Roster>(forwarder::roster_of(snapshot)));
    }
    if (snapshot.logs) {
        log_state(*snapshot.logs, snapshot.taken.boot);
        log_troubles(*snapshot.logs, snapshot.taken.boot);
    }
}

// The agent's own lines are shipped like all others: each change is told once, so that a push that
// fails does not feed the next.
void ShippedLogs::log_state(const LogShipping& logs, BootTime now) {
    const std::string state{to_string(logs.state)};
    const auto before = state_news_.see("logs", state, now);
    if (!before) {
        return;
    }
    const std::initializer_list<Field> fields{
        {"state", state}, {"url", logs.url}, {"trouble", logs.trouble}};
    if (logs.state == ShippingState::shipping) {
        log_.info("logs are shipped", fields);
    } else {
        log_.warning("logs are not shipped", fields);
    }
    if (*before == "starting" && logs.begun_anew) {
        log_.warning("logs: no place is kept to go on from; see --since and [logs] start");
    }
}

void ShippedLogs::log_troubles(const LogShipping& logs, BootTime now) {
    const auto tell = [&](const char* source, const char* what, const std::string& trouble) {
        if (source_news_.see(source, trouble, now) && !trouble.empty()) {
            log_.warning(what, {{"error", trouble}});
        }
    };
    tell("journal", "logs: the journal cannot be read", logs.journal_trouble);
    tell("diag", "logs: a runner's traces cannot be read", logs.traces_trouble);
}

bool ShippedLogs::end(std::chrono::milliseconds patience) {
    return !shipper_ || shipper_->end(patience);
}

}  // namespace paws::agent
