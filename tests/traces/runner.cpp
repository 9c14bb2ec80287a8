#include "tests/traces/runner.h"

#include "tests/traces/lines.h"

#include <algorithm>

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

RunnerSettings settings_of(const Kind& kind) {
    return {.agent_id = kind.agent_id,
            .agent_name = kind.name.substr(kind.name.rfind('.') + 1),
            .pool_name = "Default",
            .github_url = "https://github.com/acme/widgets",
            .server_url = "https://pipelines.actions.githubusercontent.com/AbC/",
            .server_url_v2 = kind.v2 ? "https://broker.actions.githubusercontent.com/" : "",
            .work_folder = "_work",
            .ephemeral = kind.ephemeral,
            .use_v2_flow = kind.v2};
}

}  // namespace

SimulatedRunner::SimulatedRunner(World& world, Kind kind, std::vector<Fate> fates, Dice dice)
    : world_{world},
      kind_{std::move(kind)},
      dice_{dice},
      fates_{std::move(fates)},
      settings_{settings_of(kind_)} {
    auto& unit = visible_.unit.change();
    unit.load_state = "loaded";
    unit.active_state = "inactive";
    unit.sub_state = "dead";
    unit.unit_file_state = "enabled";
    unit.result = "success";
    unit.user = "runner";
    unit.working_directory = "/opt/" + kind_.name;
    auto& files = visible_.files.change();
    files.settings = settings_;
    files.version = version_;
    files.owner = runner_uid;
    files.proxy = kind_.proxied ? "10.0.0.8:3128" : "";
    next_job_ = dice_.between(1min, kind_.longest_pause);
    expect_fate();
    expect_stall();
    after(Strand::service, dice_.between(0s, 20s), &SimulatedRunner::start_unit);
}

Instant SimulatedRunner::next() const {
    auto first = Instant::max();
    for (const auto& alarm : alarms_) {
        if (alarm.then != nullptr) {
            first = std::min(first, alarm.at);
        }
    }
    return first;
}

void SimulatedRunner::advance(Instant now) {
    for (auto due = next(); due <= now; due = next()) {
        now_ = due;
        const auto alarm = std::ranges::find_if(
            alarms_, [&](const Alarm& one) { return one.then != nullptr && one.at == due; });
        (this->*std::exchange(alarm->then, nullptr))();
    }
    now_ = now;
}

void SimulatedRunner::after(Strand strand, Span wait, Step then) {
    alarms_.at(static_cast<std::size_t>(strand)) = {.at = now_ + wait, .then = then};
}

void SimulatedRunner::forget(std::initializer_list<Strand> strands) {
    for (const auto strand : strands) {
        alarms_.at(static_cast<std::size_t>(strand)).then = nullptr;
    }
}

// journald makes an entry of each line, and drops them while something in the unit floods it.
void SimulatedRunner::say(std::string_view text) {
    stirred_ = true;
    if (world_.weather.during(Trouble::journal_drops, now_) != nullptr) {
        return;
    }
    while (true) {
        const auto end = text.find('\n');
        visible_.lines.push_back({world_.wall(now_), std::string{text.substr(0, end)}});
        if (end == std::string_view::npos) {
            return;
        }
        text.remove_prefix(end + 1);
    }
}

void SimulatedRunner::say_stamped(std::string_view text) {
    say(stamped(world_.wall(now_), text));
}

// As the trace names it.
WallTime SimulatedRunner::second() const {
    return std::chrono::floor<std::chrono::seconds>(world_.wall(now_));
}

std::string_view SimulatedRunner::server_name() const {
    return kind_.v2 ? "broker.actions.githubusercontent.com:443"
                    : "pipelines.actions.githubusercontent.com:443";
}

// One request on a connection of its own.
Outcome SimulatedRunner::request(Server server, Span hold) {
    const auto open = world_.wire.connect(now_, way(server), dice_);
    return open.good ? world_.wire.ask(open.at, hold, way(server), dice_) : open;
}

void SimulatedRunner::hear(SocketOf of) {
    visible_.socket(of) = {.established = true, .received = world_.awake(now_)};
}

// .NET keeps a connection for a minute or so after its last use.
void SimulatedRunner::hear_service() {
    hear(SocketOf::service);
    after(Strand::pooled, dice_.between(60s, 90s), &SimulatedRunner::close_service);
}

void SimulatedRunner::close_service() {
    visible_.socket(SocketOf::service).established = false;
}

void SimulatedRunner::sleep(Instant now, Span length) {
    now_ = now;
    for (auto& alarm : alarms_) {
        alarm.at += length;
    }
}

// GitHub hung up long ago, which the listener learns when its request times out. A short sleep is
// bridged by what TCP sends again.
void SimulatedRunner::resume(Instant now, Span slept) {
    now_ = now;
    stirred_ = true;
    if (!session_ || hang_ || slept < 40s || !visible_.socket(SocketOf::poll).established) {
        return;
    }
    const auto waited = world_.awake(now_) - sent_awake_;
    attempt_ = {.cause = Cause::suspended};
    failing_ = Cause::suspended;
    after(Strand::poll, std::max(Span{0}, http_timeout - waited), &SimulatedRunner::inner_failed);
}

void SimulatedRunner::power_off(Instant now) {
    now_ = now;
    end_processes();
    stop_unit("success", Cause::rebooted, week);
    hang_.reset();
}

void SimulatedRunner::power_on(Instant now) {
    now_ = now;
    auto& unit = visible_.unit.change();  // systemd begins anew as well
    unit.invocation_id.clear();
    unit.exec_main_pid = 0;
    unit.exec_main_code = 0;
    unit.active_enter.reset();
    unit.inactive_enter.reset();
    unit.state_change.reset();
    after(Strand::service, dice_.between(3s, 20s), &SimulatedRunner::start_unit);
}

}  // namespace paws::traces
