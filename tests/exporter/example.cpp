#include "tests/exporter/example.h"

namespace paws::exporter::testing {

using namespace std::chrono_literals;

namespace {

Pressure some_pressure() {
    const Stalls stalls{.some = Stall{.avg10 = 1.5, .avg60 = 0.5, .total_seconds = 12.5},
                        .full = Stall{.total_seconds = 2.25}};
    return {.cpu = stalls, .memory = stalls, .io = stalls};
}

Unit active_unit() {
    return {.load_state = "loaded",
            .active_state = "active",
            .sub_state = "running",
            .unit_file_state = "enabled",
            .result = "success",
            .user = "runner",
            .working_directory = "/opt/runner",
            .control_group = "/system.slice/actions.runner.acme-widgets.build-01.service",
            .invocation_id = "0123456789abcdef0123456789abcdef",
            .main_pid = 4711,
            .exec_main_pid = 4711,
            .restarts = 3,
            .active_enter = noon.wall - 1h};
}

RunnerFiles installed_files() {
    return {.settings = RunnerSettings{.agent_id = 7,
                                       .agent_name = "build-01",
                                       .pool_name = "Default",
                                       .github_url = "https://github.com/acme/widgets",
                                       .work_folder = "_work",
                                       .use_v2_flow = true},
            .version = "2.336.0",
            .version_built = noon.wall - 24h * 10};
}

ProcessTree tree() {
    ProcessTree tree;
    tree.processes = {{.pid = 4711,
                       .parent = 1,
                       .start_ticks = 100,
                       .state = 'S',
                       .uid = 998,
                       .comm = "runsvc.sh",
                       .role = ProcessRole::shell},
                      {.pid = 4713,
                       .parent = 4711,
                       .start_ticks = 110,
                       .state = 'S',
                       .uid = 998,
                       .comm = "Runner.Listener",
                       .role = ProcessRole::listener}};
    tree.counts = {{ProcessRole::shell, 1}, {ProcessRole::listener, 1}, {ProcessRole::worker, 1}};
    return tree;
}

Cgroup group() {
    return {.path = "/system.slice/actions.runner.acme-widgets.build-01.service",
            .id = 4242,
            .cpu_seconds = 321.5,
            .memory_bytes = 512U << 20U,
            .memory_peak_bytes = 1U << 30U,
            .io_read_bytes = 4096,
            .io_written_bytes = 8192,
            .pids = 42,
            .oom_kills = 0,
            .pressure = some_pressure()};
}

RunnerLog busy_log() {
    RunnerLog log;
    log.version = "2.336.0";
    log.started = noon.wall - 1h;
    log.listening = noon.wall - 59min;
    log.contact = noon.wall - 90s;
    log.job = Job{.name = "build (ubuntu, \"gcc\")",
                  .started = noon.wall - 90s,
                  .identity = JobIdentity{.repository = "acme/widgets",
                                          .workflow = "CI",
                                          .job = "build",
                                          .run_id = 123456789,
                                          .run_attempt = 2}};
    log.finished = {Job{.name = "test",
                        .started = noon.wall - 30min,
                        .finished = noon.wall - 20min,
                        .result = JobResult::succeeded}};
    log.counters.jobs = {{JobResult::succeeded, 2}, {JobResult::failed, 1}};
    log.counters.job_durations[5] = 2;   // up to 600 s
    log.counters.job_durations[11] = 1;  // above all bounds
    log.counters.job_duration_sum_seconds = 1200 + 30'000;
    log.counters.listener_exits = {{"0", 1}, {"137", 2}};
    log.counters.connect_errors = 4;
    return log;
}

Host example_host() {
    Host host;
    host.cpu = seen(Cpu{.times = {.user = 100.5, .system = 50.25, .idle = 1000}, .cpus = 2});
    host.load = seen(LoadAverage{.one = 0.5, .five = 0.25, .fifteen = 0.125});
    host.memory = seen(Memory{.total_bytes = 8'000'000'000, .available_bytes = 6'000'000'000});
    host.pressure = seen(some_pressure());
    host.filesystems =
        seen(std::vector<Filesystem>{{.mountpoint = "/",
                                      .device = "/dev/vda1",
                                      .fstype = "ext4",
                                      .usage = FilesystemUsage{.size_bytes = 100'000'000'000,
                                                               .avail_bytes = 25'000'000'000,
                                                               .files = 6'000'000,
                                                               .files_free = 5'000'000}},
                                     {.mountpoint = "/mnt/dead",
                                      .device = "nas:/export",
                                      .fstype = "nfs4",
                                      .error = "no answer within 2 s"}});
    host.disks = seen(std::vector<Disk>{{.device = "vda",
                                         .reads_completed = 10,
                                         .read_bytes = 40'960,
                                         .writes_completed = 20,
                                         .written_bytes = 81'920,
                                         .io_time_seconds = 1.5}});
    host.network = seen(std::vector<NetworkDevice>{
        {.device = "eth0", .receive = {.bytes = 1000, .drop = 1}, .transmit = {.bytes = 2000}}});
    host.oom_kills = seen(std::uint64_t{1});
    host.boot = seen(noon.wall - 3h);
    host.clock = seen(ClockSync{.synchronised = true, .offset_seconds = -0.000125});
    return host;
}

}  // namespace

AgentInfo example_agent() {
    return {.version = "0.1.0",
            .revision = "abcdef0",
            .pid = 99,
            .hostname = "ci01",
            .environment = "production",
            .process = {.cpu_seconds = 1.25,
                        .resident_bytes = 9U << 20U,
                        .virtual_bytes = 90U << 20U,
                        .open_fds = 20,
                        .max_fds = 1024,
                        .started = noon.wall - 2h},
            .web = {.certificate_expires = noon.wall + 24h * 60,
                    .tls_good = true,
                    .tokens_good = false},
            .handshakes_refused = HandshakeCounts{1, 2, 0, 4, 5},
            .refusals = Refusals{.no_token = 3, .wrong_token = 2},
            .now = noon};
}

Runner example_runner(const std::string& name) {
    Runner runner;
    runner.name = name;
    runner.unit = "actions.runner." + name + ".service";
    runner.root = "/opt/runner";
    runner.unit_state = seen(active_unit());
    runner.files = seen(installed_files());
    runner.directory_bytes = seen(DirectoryBytes{{"work", 123'456}, {"diag", 7890}});
    runner.processes = seen(tree());
    runner.cgroup = seen(group());
    runner.sockets = seen(Sockets{.established = 2, .last_received_seconds = 12.5});
    runner.log = seen(busy_log());
    runner.trace = seen(RunnerTrace{.lease_renewed = noon.wall - 37s});
    runner.waiting =
        seen(WaitingJobs{.longest = WaitingJob{.run_id = 77, .name = "deploy", .seconds = 42}});
    return runner;
}

LogShipping example_logs() {
    LogShipping logs;
    logs.state = ShippingState::retrying;
    logs.trouble = "Loki answers 503";
    logs.url = "https://loki.example";
    logs.counts.read = {{LogSource::journal, 1'200}, {LogSource::diag, 34}};
    logs.counts.sent = 1'230;
    logs.counts.sent_bytes = 56'000;
    logs.counts.quarantined = 1;
    logs.counts.gaps = 2;
    logs.counts.lost = {{LogLoss::vacuumed, 17}};
    logs.counts.redactions = {{"github_token", 3}, {"private_key", 0}};
    logs.pushes.failures = {{PushFailure::server, 5}};
    logs.pushes.durations[2] = 4;
    logs.pushes.durations.back() = 1;
    logs.pushes.duration_sum_seconds = 40.25;
    logs.shipped_to = noon.wall - 95s;
    logs.oldest_waiting = noon.wall - 90s;
    logs.reserve_bytes = 134'217'728;
    logs.last_push = noon.wall - 80s;
    logs.quarantined = {{.at = noon.wall - 1h,
                         .labels = R"({host="build-01"})",
                         .line = "a line",
                         .reason = "Loki answers 400: no"}};
    return logs;
}

Snapshot example_snapshot() {
    Snapshot snapshot;
    snapshot.sequence = 7;
    snapshot.taken = noon;
    snapshot.facts.host = example_host();
    snapshot.facts.runners = {example_runner("acme-widgets.build-01")};
    snapshot.judged.host = {
        .health = Health::degraded,
        .problems = {.checked = {Problem::disk, Problem::inodes}, .found = {Problem::disk}},
        .full_in_seconds = {{"/", 86'400.0}},
        .cpu_busy = 0.125,
        .clock_behind_github_seconds = 3};
    snapshot.judged.runners = {
        {.name = "acme-widgets.build-01",
         .state = RunnerState::busy,
         .since = noon.wall - 90s,
         .reason = "runs a job",
         .health = Health::degraded,
         .problems = {.checked = {Problem::disk, Problem::inodes}, .found = {Problem::disk}},
         .evidence = {{.fact = "socket", .value = "2 established", .age_seconds = 12.5}},
         .last_contact = noon.wall - 12s,
         .job_usage = JobUsage{.cpu_seconds = 12.5}}};
    for (const auto& job : snapshot.facts.runners.front().log.value->finished) {
        snapshot.judged.runners.front().finished.push_back(
            {.job = job, .usage = {.memory_peak_bytes = 1'000'000}});
    }
    snapshot.logs = example_logs();
    snapshot.collectors = {{.name = "cpu", .success = true, .duration = 150us},
                           {.name = "units", .duration = 2s, .error = "the bus did not answer"}};
    return snapshot;
}

}  // namespace paws::exporter::testing
