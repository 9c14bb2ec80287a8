#include "tests/policy/story.h"

#include "collectors/runner_log.h"
#include "collectors/runner_log_fold.h"
#include "core/utc.h"
#include "policy/judge.h"
#include "tests/policy/runners.h"

#include <ctime>

namespace paws::policy::testing {

namespace {

constexpr auto poll = 50s;
constexpr auto look_every = 5s;
constexpr auto attempt_every = 60s;

std::string stamp(WallTime time) {
    return utc_text(time, "YYYY-MM-DD hh:mm:ssZ: ");
}

bool is_due(BootTime since, const Now& now, std::chrono::nanoseconds every) {
    return (now.boot - since) % every < look_every;
}

}  // namespace

Story::Story() : now_{noon}, begun_{noon.boot}, heard_{noon.boot} {
    facts_.host.cpu = at(now_, Cpu{.times = {}, .cpus = 2});
    facts_.host.memory = at(now_, Memory{.total_bytes = 100, .available_bytes = 50});
    facts_.host.clock = at(now_, ClockSync{.synchronised = true, .offset_seconds = 0});
    facts_.host.filesystems = at(now_, std::vector{Filesystem{.mountpoint = "/"}});
    facts_.host.filesystems.value->front().usage = FilesystemUsage{.size_bytes = 500'000'000'000,
                                                                   .avail_bytes = 300'000'000'000,
                                                                   .files = 1000,
                                                                   .files_free = 500};
    auto runner = healthy();
    RunnerFiles files;
    files.settings = RunnerSettings{.agent_id = 42, .agent_name = "build-01", .use_v2_flow = true};
    files.diag_pages = 0;
    runner.files = at(now_, files);
    runner.trace = at(now_, RunnerTrace{});
    runner.cgroup = at(now_, Cgroup{.cpu_seconds = 1000.0});
    facts_.runners.push_back(runner);
    look();
}

Story& Story::prints(std::initializer_list<std::string_view> lines) {
    auto& log = *facts_.runners.front().log.value;
    for (const auto line : lines) {
        const auto text = line.starts_with("T ") ? stamp(now_.wall) + std::string{line.substr(2)}
                                                 : std::string{line};
        if (const auto event = collectors::parse_listener_line(text)) {
            collectors::fold(log, *event, now_.wall);
        }
    }
    return *this;
}

Story& Story::passes(std::chrono::seconds span) {
    for (const auto end = now_.boot + span; now_.boot < end;) {
        now_ = {.wall = now_.wall + look_every, .boot = now_.boot + look_every};
        look();
    }
    return *this;
}

Story& Story::sleeps(std::chrono::seconds span) {
    now_ = {.wall = now_.wall + span, .boot = now_.boot + span};
    return *this;
}

Story& Story::with(const std::function<void(Runner&)>& change) {
    change(facts_.runners.front());
    return *this;
}

Story& Story::on_host(const std::function<void(Host&)>& change) {
    change(facts_.host);
    return *this;
}

Story& Story::processes(std::initializer_list<ProcessRole> roles, char listener_state) {
    facts_.runners.front().processes.value = tree(roles, listener_state);
    return *this;
}

Story& Story::loses_sockets() {
    line_ = Line::cut;
    return *this;
}

Story& Story::goes_deaf() {
    line_ = Line::deaf;
    return *this;
}

Story& Story::closes_the_way(ReachStage at, std::string what) {
    closed_ = ReachFailure{.stage = at, .what = std::move(what)};
    return loses_sockets();
}

Story& Story::opens_the_way() {
    closed_.reset();
    line_ = Line::heard;
    return *this;
}

Story& Story::tries_no_way() {
    tries_ = false;
    facts_.runners.front().reaches.value.reset();
    return *this;
}

Story& Story::is_called(Registration registration) {
    called_ = registration;
    return *this;
}

Story& Story::lets_a_job_wait() {
    job_waits_ = now_.boot;
    return *this;
}

Story& Story::renews_leases(bool renews) {
    renews_ = renews;
    return *this;
}

Story& Story::stops(std::string result, int status) {
    auto& unit = *facts_.runners.front().unit_state.value;
    unit.active_state = result == "success" ? "inactive" : "failed";
    unit.sub_state = "dead";
    unit.result = std::move(result);
    unit.exec_main_status = status;
    unit.inactive_enter = now_.wall;
    return processes({}).loses_sockets();
}

std::optional<std::chrono::seconds> Story::first(RunnerState state) const {
    const auto found = first_.find(state);
    return found == first_.end()
               ? std::nullopt
               : std::optional{std::chrono::floor<std::chrono::seconds>(found->second - begun_)};
}

void Story::hear() {
    auto& runner = facts_.runners.front();
    if (line_ == Line::heard && is_due(begun_, now_, poll)) {
        heard_ = now_.boot;
    }
    runner.sockets =
        at(now_,
           Sockets{.established = line_ == Line::cut ? 0U : 1U,
                   .last_received_seconds = line_ == Line::cut
                                                ? std::nullopt
                                                : std::optional{to_seconds(now_.boot - heard_)}});
    if (!is_due(begun_, now_, attempt_every)) {
        return;
    }
    if (tries_) {
        runner.reaches = at(now_,
                            Reaches{{"broker.example:443",
                                     Reach{.tried = now_,
                                           .polled = true,
                                           .failure = closed_,
                                           .seconds = 0.1,
                                           .clock_behind_seconds = 0.0}}});
    }
    if (called_) {
        runner.api = at(now_, ApiRunner{.registration = *called_, .busy = false});
    }
    if (job_waits_) {
        const WaitingJob job{
            .run_id = 77, .name = "deploy", .seconds = to_seconds(now_.boot - *job_waits_)};
        runner.waiting = at(now_, WaitingJobs{.longest = job});
    }
    const auto& counts = runner.processes.value->counts;
    const auto worker = counts.find(ProcessRole::worker);
    if (renews_ && worker != counts.end()) {
        runner.trace.value->lease_renewed = now_.wall;
    }
}

void Story::look() {
    hear();
    auto& runner = facts_.runners.front();
    for (Now* taken : {&facts_.host.cpu.taken,
                       &facts_.host.memory.taken,
                       &facts_.host.clock.taken,
                       &facts_.host.filesystems.taken,
                       &runner.unit_state.taken,
                       &runner.files.taken,
                       &runner.processes.taken,
                       &runner.cgroup.taken,
                       &runner.log.taken,
                       &runner.trace.taken}) {
        *taken = now_;
    }
    judgement_ = judge(facts_, judgement_, now_);
    first_.try_emplace(judged().state, now_.boot);
}

}  // namespace paws::policy::testing
