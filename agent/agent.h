// Agent: the daemon, wired. One loop on the calling thread; probes and the HTTP server have theirs.

#pragma once

#include "agent/access.h"
#include "agent/chronicle.h"
#include "agent/config_file.h"
#include "agent/control.h"
#include "agent/handovers.h"
#include "agent/history.h"
#include "agent/log.h"
#include "agent/options.h"
#include "agent/self.h"
#include "agent/shipped_logs.h"
#include "agent/ticker.h"
#include "agent/verbs.h"
#include "agent/web.h"
#include "agent/wishes.h"
#include "platform/pid_lock.h"

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/signal_set.hpp>

namespace paws::agent {

// What the agent takes from outside; tests bring their own.
struct Surroundings {
    Clock clock;
    std::function<std::vector<collectors::Source>(const collectors::Options&)> sources;
    actions::UnitActions::Order order;
    actions::UnitActions::Order run = actions::run_over_bus();  // of the privileged actions
};
Surroundings real_surroundings();

class Agent {
public:
    // Takes directories, sockets and ports. The error says what cannot be had.
    static Result<std::unique_ptr<Agent>> open(const Options& options,
                                               LoadedConfig loaded,
                                               Surroundings surroundings);

    // Until SIGTERM or SIGINT. False when a probe was left behind: it may wake up at any moment,
    // so that the process has to end without destructors.
    bool run();

private:
    Agent(const Options& options, LoadedConfig loaded, Surroundings surroundings);

    Result<void> open();
    void open_history();
    Result<void> lock_state();
    Result<void> open_control();
    Handovers::House house_of_handovers();
    void use_collectors();
    void await_signals();
    void stop(std::string_view why);
    void reload();
    void accept(LoadedConfig next);
    void set_log_level();
    void told(const Snapshot& snapshot);
    void look_for_access(const Snapshot& snapshot);
    void tell_manager(const Snapshot& snapshot);

    Options options_;
    LoadedConfig loaded_;
    Surroundings surroundings_;
    Log log_;
    Chronicle chronicle_{log_};
    boost::asio::io_context loop_{1};  // one thread runs it, any thread may post
    SnapshotSlot slot_;
    Ticker ticker_;
    Self self_;
    Wishes wishes_;
    Access access_;
    Handovers handovers_;
    std::optional<platform::PidLock> state_lock_;
    std::optional<History> history_;
    std::optional<ShippedLogs> shipped_logs_;
    std::optional<Verbs> verbs_;
    std::unique_ptr<Control> control_;
    Web web_;  // its threads ask the others
    boost::asio::signal_set signals_;
    std::string told_status_;
    bool ready_ = false;
};

}  // namespace paws::agent
