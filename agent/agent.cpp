#include "agent/agent.h"

#include "agent/config_text.h"
#include "agent/status_line.h"
#include "agent/version.h"
#include "core/text.h"
#include "platform/directory.h"
#include "platform/sd_notify.h"
#include "platform/system_clock.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <malloc.h>
#include <unistd.h>

namespace paws::agent {

namespace {

using namespace std::chrono_literals;

constexpr auto patience_at_end = 300ms;
constexpr auto patience_for_the_store = 2s;  // at the start, and for an answer over HTTP
constexpr auto patience_for_the_last_save = 2s;
constexpr auto patience_for_the_last_push = 1s;

// These are taken once, at the start; the rest follows a SIGHUP.
void keep_fixed_settings(const Config& running, Config& next) {
    next.agent.state_dir = running.agent.state_dir;
    next.agent.runtime_dir = running.agent.runtime_dir;
    next.agent.root = running.agent.root;
    next.agent.keep_jobs = running.agent.keep_jobs;
    next.web = running.web;
    next.exporter = running.exporter;
}

bool same_collectors(const Config& left, const Config& right) {
    return left.collectors == right.collectors && left.runners == right.runners &&
           left.journal == right.journal && left.github == right.github;
}

Log::Reader reader_of_stderr() {
    return platform::stderr_is_the_journal() ? Log::Reader::journal : Log::Reader::people;
}

// What root makes there the daemon could not write to afterwards.
Result<void> check_state_owner(const std::string& state_dir) {
    const auto owner = platform::owner_of(state_dir);
    if (::geteuid() != 0 || !owner || *owner == 0) {
        return {};
    }
    return Error{Errc::denied,
                 "[agent] state_dir: " + state_dir + ": belongs to uid " + std::to_string(*owner) +
                     ", and root would leave files there that it may not write to; run: systemctl "
                     "start paws-agent, or: runuser -u paws-agent -- paws-agent"};
}

}  // namespace

Surroundings real_surroundings() {
    return {.clock = platform::now,
            .sources = collectors::all,
            .order = actions::order_over_bus(),
            .run = actions::run_over_bus()};
}

Agent::Agent(const Options& options, LoadedConfig loaded, Surroundings surroundings)
    : options_{options},
      loaded_{std::move(loaded)},
      surroundings_{std::move(surroundings)},
      log_{reader_of_stderr(), options.log_level.value_or(loaded_.config.agent.log_level)},
      ticker_{
          loop_, surroundings_.clock, slot_, [this](const Snapshot& snapshot) { told(snapshot); }},
      self_{surroundings_.clock, loaded_.config.agent.environment, options_.config_file},
      wishes_{surroundings_.order,
              [this](const Wishes::ByRunner& wishes) { history_->set_wishes(wishes); }},
      access_{surroundings_.run},
      handovers_{loop_, house_of_handovers()},
      web_{{.loop = loop_,
            .ticker = ticker_,
            .slot = slot_,
            .self = self_,
            .log = log_,
            .clock = surroundings_.clock,
            .jobs =
                [this](const JobQuery& query) {
                    return history_->wait_for_jobs(query, patience_for_the_store);
                }}},
      signals_{loop_, SIGTERM, SIGINT, SIGHUP} {}

Result<std::unique_ptr<Agent>> Agent::open(const Options& options,
                                           LoadedConfig loaded,
                                           Surroundings surroundings) {
    std::unique_ptr<Agent> agent{new Agent{options, std::move(loaded), std::move(surroundings)}};
    if (const auto opened = agent->open(); !opened) {
        return opened.error();
    }
    return agent;
}

Handovers::House Agent::house_of_handovers() {
    return {.taken =
                [this](const actions::Handover& handover) {
                    log_.info("directories are open",
                              {{"runner", handover.runner}, {"root", handover.root}});
                    ticker_.wake();
                },
            .let_go =
                [this](const std::string& runner) {
                    log_.info("directories let go", {{"runner", runner}});
                },
            .refused =
                [this](const std::string& why) {
                    chronicle_.tell_refused_handover(why, surroundings_.clock().boot);
                }};
}

Result<void> Agent::open() {
    handovers_.restore(platform::kept_descriptors());
    const auto& settings = loaded_.config.agent;
    if (auto ours = check_state_owner(settings.state_dir); !ours) {
        return ours;
    }
    if (const auto made = platform::ensure_directory(settings.state_dir, 0750); !made) {
        return Error{made.error().code, "[agent] state_dir: " + made.error().what};
    }
    if (auto locked = lock_state(); !locked) {
        return locked;
    }
    // Anybody may ask the control socket, to be refused politely: its directory has to let them.
    if (const auto made = platform::ensure_directory(settings.runtime_dir, 0755); !made) {
        return Error{made.error().code, "[agent] runtime_dir: " + made.error().what};
    }
    if (auto root = platform::RootFs::open(settings.root); !root) {
        return Error{root.error().code, "[agent] root " + root.error().what};
    }
    Pace pace;
    if (const auto interval = platform::watchdog_interval()) {
        pace.idle = std::min<std::chrono::nanoseconds>(pace.idle, *interval / 2);
    }
    ticker_.set_pace(pace);
    open_history();
    ticker_.set_complement([this](Facts& facts) {
        wishes_.tell(facts);
        access_.tell(facts);
    });
    use_collectors();
    shipped_logs_->begin(loaded_.config);
    if (auto opened = open_control(); !opened) {
        return opened;
    }
    return web_.open(loaded_.config.web, loaded_.config.exporter);
}

// Two that keep their counters in one database would count twice. A file system that takes no lock,
// or no file at all, is no reason not to start.
Result<void> Agent::lock_state() {
    auto lock = platform::PidLock::take(loaded_.config.agent.state_dir + "/agent.lock");
    if (lock) {
        state_lock_ = std::move(*lock);
    } else if (lock.error().code == Errc::unavailable) {
        return Error{Errc::unavailable,
                     "another paws-agent runs already (" + lock.error().what +
                         "); stop it, or give this one its own [agent] state_dir"};
    }
    return {};
}

void Agent::open_history() {
    history_.emplace(loop_,
                     surroundings_.clock,
                     loaded_.config.agent.state_dir + "/paws.db",
                     History::House{.known =
                                        [this] {
                                            wishes_.restore(history_->wishes());
                                            ticker_.resume(history_->meters());
                                            use_collectors();
                                        },
                                    .warn =
                                        [this](const std::string& what) {
                                            log_.warning("store", {{"what", what}});
                                        }},
                     StoreBounds{.keep = loaded_.config.agent.keep_jobs});
    history_->open(patience_for_the_store);
    ticker_.resume(history_->meters());
    wishes_.restore(history_->wishes());
    ticker_.set_own([this](Snapshot& snapshot) {
        snapshot.collectors.push_back(history_->report());
        snapshot.store_corruptions = history_->corruptions();
        snapshot.logs = shipped_logs_->read();
    });
    shipped_logs_.emplace(
        log_,
        history_->store(),
        self_,
        ShippedLogs::House{
            .clock = surroundings_.clock,
            .since = options_.since,
            .want_facts = [this] { boost::asio::post(loop_, [this] { ticker_.wake(); }); },
            .handed = handovers_.directories()});
    verbs_.emplace(loop_, ticker_, slot_, self_, loaded_, *history_, wishes_, [this] {
        return shipped_logs_->shipper();
    });
}

Result<void> Agent::open_control() {
    auto control = Control::open(
        loop_,
        loaded_.config.agent.runtime_dir,
        {.respond =
             [this](std::string request, platform::Peer peer) {
                 return verbs_->respond(std::move(request), std::move(peer));
             },
         .is_operator = [this](const platform::Peer& peer) { return verbs_->is_operator(peer); }});
    if (!control) {
        return control.error();
    }
    control_ = std::move(*control);
    // What lies in closed homes stays closed then; all else goes on.
    if (const auto listening = handovers_.listen(loaded_.config.agent.runtime_dir); !listening) {
        log_.warning("nothing can be handed over", {{"error", listening.error().what}});
    }
    return {};
}

void Agent::use_collectors() {
    const auto& config = loaded_.config;
    auto root = platform::RootFs::open(config.agent.root);
    if (!root) {
        log_.error("cannot look at this host", {{"error", root.error().what}});
        return;
    }
    const collectors::Options wanted{.root = *root,
                                     .discover_runners = config.runners.discover,
                                     .static_runners = config.runners.fixed,
                                     .exclude_mountpoints = config.collectors.exclude_mountpoints,
                                     .exclude_fstypes = config.collectors.exclude_fstypes,
                                     .journal_directory = config.journal.directory,
                                     .journal_namespace = config.journal.namespace_id,
                                     .github = config.github,
                                     .now = surroundings_.clock,
                                     .tallies = history_->tallies(),
                                     .handed = handovers_.directories()};
    std::vector<ConfiguredSource> sources;
    for (auto& source : surroundings_.sources(wanted)) {
        const auto settings = config.collectors.of(source.collector->name());
        if (settings.enabled) {
            sources.push_back({.source = std::move(source), .deadline = settings.deadline});
        }
    }
    ticker_.collection().use(std::move(sources));
}

bool Agent::run() {
    log_.info("started",
              {{"version", std::string{version()}}, {"pid", std::to_string(::getpid())}});
    if (::geteuid() == 0) {
        log_.warning(
            "running as root; it needs no such rights, the packaged unit runs it as "
            "paws-agent");
    }
    await_signals();
    ticker_.wake();
    loop_.run();
    web_.close();
    control_.reset();
    const bool shipped = shipped_logs_->end(patience_for_the_last_push);
    const bool saved = history_->end(patience_for_the_last_save);
    return ticker_.collection().end(patience_at_end) && saved && shipped;
}

void Agent::await_signals() {
    signals_.async_wait([this](const boost::system::error_code& cancelled, int signal) {
        if (cancelled) {
            return;
        }
        if (signal == SIGHUP) {
            reload();
            await_signals();
        } else {
            stop(signal == SIGTERM ? "SIGTERM" : "SIGINT");
        }
    });
}

void Agent::stop(std::string_view why) {
    log_.info("stopping", {{"because", std::string{why}}});
    platform::notify("STOPPING=1\nSTATUS=stopping");
    loop_.stop();
}

void Agent::reload() {
    platform::notify("RELOADING=1\n" + platform::monotonic_stamp());
    auto next =
        load_config(options_.config_file,
                    options_.config_named ? MissingFile::is_an_error : MissingFile::is_fine);
    ticker_.set_reload_successful(next.has_value());
    if (next) {
        accept(std::move(*next));
    } else {
        std::string_view faults = next.error().what;
        while (!faults.empty()) {
            log_.error("reload refused", {{"fault", std::string{take_until(faults, '\n')}}});
        }
        log_.error("reload refused: the configuration before it stays in force");
    }
    platform::notify("READY=1");
    ticker_.wake();
}

void Agent::accept(LoadedConfig next) {
    const auto wanted = next.config;
    keep_fixed_settings(loaded_.config, next.config);
    const auto before = std::exchange(loaded_, std::move(next)).config;
    set_log_level();
    self_.set_environment(loaded_.config.agent.environment);
    const auto changes = differences(before, loaded_.config);
    for (const auto& change : changes) {
        log_.info("reload", {{"change", change}});
    }
    for (const auto& waiting : differences(loaded_.config, wanted)) {
        log_.warning("reload: this takes a restart", {{"change", waiting}});
    }
    log_.info("reload done", {{"changes", std::to_string(changes.size())}});
    if (!same_collectors(before, loaded_.config)) {
        use_collectors();
    }
    shipped_logs_->follow(before, loaded_.config);
}

void Agent::set_log_level() {
    log_.set_level(options_.log_level.value_or(loaded_.config.agent.log_level));
}

void Agent::told(const Snapshot& snapshot) {
    history_->note(snapshot);
    tell_manager(snapshot);
    look_for_access(snapshot);
    chronicle_.tell(snapshot, access_.being_opened());
    for (const auto& outcome : wishes_.follow(snapshot)) {
        chronicle_.tell(outcome, snapshot.taken.boot);
    }
    web_.add(snapshot);
    shipped_logs_->tell(snapshot);
}

// The actions look at this host: of another's root they know nothing.
void Agent::look_for_access(const Snapshot& snapshot) {
    handovers_.follow(snapshot);
    if (loaded_.config.agent.root != "/") {
        return;
    }
    for (const auto& outcome : access_.follow(snapshot)) {
        chronicle_.tell_action(outcome, snapshot.taken.boot);
    }
}

// The watchdog is fed here and nowhere else: alive means that ticks finish. Ready means that what
// the first tick found has been looked at in another.
void Agent::tell_manager(const Snapshot& snapshot) {
    const bool now_ready = !ready_ && is_settled(snapshot);
    std::string message = now_ready ? "READY=1\nWATCHDOG=1" : "WATCHDOG=1";
    if (auto status = status_line(snapshot); status != told_status_) {
        message += "\nSTATUS=" + status;
        told_status_ = std::move(status);
    }
    platform::notify(message);
    if (now_ready) {
        ready_ = true;
        log_.info("ready", {{"status", told_status_}});
        ::malloc_trim(0);  // the start needed more than the rest of its life
    }
}

}  // namespace paws::agent
