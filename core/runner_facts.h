// Runner facts: what systemd, the kernel, the runner's own files and the journal say about one
// runner. Text that job code could write (job names, error lines) has passed printable() before it
// is here.

#pragma once

#include "core/github_facts.h"
#include "core/host_facts.h"
#include "core/job.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paws {

// Properties of the systemd unit (org.freedesktop.systemd1(5)), words as systemd spells them.
struct Unit {
    std::string load_state;       // loaded, not-found, masked, ...
    std::string active_state;     // active, inactive, failed, activating, ...
    std::string sub_state;        // running, dead, auto-restart, ...
    std::string unit_file_state;  // enabled, disabled, masked, ...
    std::string result;           // success, exit-code, signal, oom-kill, ...
    std::string user;
    std::string working_directory;
    std::string control_group;  // empty when no process is there
    std::string invocation_id;  // 32 hex digits, as in _SYSTEMD_INVOCATION_ID
    int main_pid = 0;           // 0 when none
    int exec_main_pid = 0;      // the last main process, also after its end
    int exec_main_code = 0;     // CLD_EXITED and friends, 0 while it runs
    int exec_main_status = 0;
    std::uint32_t restarts = 0;
    bool needs_daemon_reload = false;
    bool own_network = false;  // PrivateNetwork= or NetworkNamespacePath=: its sockets are not seen
    std::optional<WallTime> active_enter;
    std::optional<WallTime> inactive_enter;
    std::optional<WallTime> state_change;
};

// The part of `.runner` that we use (facts: runner, C/ConfigurationStore.cs).
struct RunnerSettings {
    std::optional<std::uint64_t> agent_id;
    std::string agent_name;
    std::string pool_name;
    std::string github_url;
    std::string server_url;
    std::string server_url_v2;
    std::string work_folder;  // as written: relative to the root, or absolute
    bool ephemeral = false;
    bool disable_update = false;
    bool use_v2_flow = false;

    bool operator==(const RunnerSettings&) const = default;
};

// What the runner's root directory says; each part is absent when we may not read it.
struct RunnerFiles {
    std::optional<RunnerSettings> settings;  // absent: not configured, or unreadable (see error)
    std::string version;                     // "2.336.0" from the bin symlink; empty when unknown
    std::optional<WallTime> version_built;   // mtime of bin/Runner.Listener: its build date
    std::string proxy;                       // "host:port" for https, from .env; empty when none
    std::string real_path;  // of the root, as /proc/PID/exe shows it; empty for a managed runner
    std::optional<std::uint32_t> owner;       // uid of the root directory
    std::optional<std::uint64_t> diag_pages;  // files in _diag/pages, counted up to a bound
    std::string start_fault;  // why the next start would fail; empty when nothing was found
    std::string error;        // why a part is absent, for the operator
    bool closed = false;      // the agent comes neither by path nor by descriptor to a directory
    bool settings_closed = false;  // it may not read `.runner`
};

// What directories of a runner hold on disk, by role: work, diag, tool, update.
// A walk takes long and comes every ten minutes: `taken` says when it ended, and unlike other facts
// it is worth showing at that age.
using DirectoryBytes = std::map<std::string, std::uint64_t>;

// What a privileged look told of a runner (paws-inspect@), where the agent may not look itself.
struct Inspection {
    DirectoryBytes directory_bytes;          // by role, of those walked to their end
    std::optional<RunnerSettings> settings;  // of its `.runner`
    std::map<int, std::string> programs;     // by pid, as /proc/PID/exe named them then

    bool operator==(const Inspection&) const = default;
};

enum class ProcessRole { shell, wrapper, listener, worker, orphan_worker, helper, job };
inline constexpr std::array process_roles{ProcessRole::shell,
                                          ProcessRole::wrapper,
                                          ProcessRole::listener,
                                          ProcessRole::worker,
                                          ProcessRole::orphan_worker,
                                          ProcessRole::helper,
                                          ProcessRole::job};

// A process is its pid and its start time; the pid alone is reused.
struct Process {
    int pid = 0;
    int parent = 0;
    std::uint64_t start_ticks = 0;  // clock ticks after boot (proc_pid_stat(5), field 22)
    char state = '?';               // R S D Z T ...
    std::uint32_t uid = 0;
    std::string comm;  // forgeable: for people only
    ProcessRole role = ProcessRole::job;
};

struct ProcessTree {
    std::vector<Process> processes;  // at most process_limit; the counts below are complete
    std::map<ProcessRole, std::uint64_t> counts;
    std::string error;  // e.g. hidepid: what could not be seen
};
inline constexpr std::size_t process_limit = 512;

// Counters and gauges of the unit's cgroup (kernel doc: admin-guide/cgroup-v2.rst).
struct Cgroup {
    std::string path;      // below the cgroup mount, "/system.slice/..."
    std::uint64_t id = 0;  // inode of its directory: what sock_diag reports
    std::optional<double> cpu_seconds;
    std::optional<std::uint64_t> memory_bytes;
    std::optional<std::uint64_t> memory_peak_bytes;
    std::optional<std::uint64_t> io_read_bytes;
    std::optional<std::uint64_t> io_written_bytes;
    std::optional<std::uint64_t> pids;
    std::optional<std::uint64_t> oom_kills;
    Pressure pressure;
};

// Established TCP connections of the unit's cgroup to port 443 or its proxy (sock_diag(7)).
struct Sockets {
    std::uint32_t established = 0;
    std::optional<double> last_received_seconds;  // age of the newest byte received on any of them
};

// Whose job it is that a worker runs, as its own trace says (_diag/Worker_*.log).
struct TracedJob {
    WallTime started;  // of the RunnerLog's job
    JobIdentity identity;
};

// What the listener's own trace says (_diag/Runner_*.log). Job code can write there: it may excuse
// nothing but the silence of a job's sockets.
struct RunnerTrace {
    std::optional<WallTime> lease_renewed;   // "Successfully renew job", every minute of a job;
                                             // cleared by the next job
    std::optional<WallTime> renewal_failed;  // cleared by the next success
    std::optional<WallTime> lease_lost;      // "run out of retry"; cleared by the next job
    std::optional<WallTime> worker_ended;    // of the last job; cleared by the next
    std::string worker_exit_code;
    std::optional<WallTime> backs_off;       // the last "Back off N seconds before next retry"
    std::optional<WallTime> listener_ended;  // cleared by the next start
    std::string listener_exit_code;
    std::optional<TracedJob> job;
    std::optional<WallTime> steps_ended;  // the worker's own trace: all steps of the job are done
    std::string error;                    // why nothing newer can be read
};

// Counts of what the runner printed since the agent first saw it; they go on over its restarts. The
// journal before that only sets states.
struct RunnerCounters {
    std::map<JobResult, std::uint64_t> jobs;
    std::map<LostReason, std::uint64_t> lost;
    std::array<std::uint64_t, job_duration_bounds_seconds.size() + 1>
        job_durations{};  // per bucket
    double job_duration_sum_seconds = 0;
    std::uint64_t connect_errors = 0;
    std::map<std::string, std::uint64_t>
        listener_exits;  // by code: "0".."7", "null", "-2", "other"

    bool operator==(const RunnerCounters&) const = default;
};

// A job that was closed because its worker is gone: its own lines count no more.
struct GivenUpJob {
    WallTime first_line;
    std::string name;

    bool operator==(const GivenUpJob&) const = default;
};

// What is kept of a runner's lines over restarts of the agent. Each line after `counted_to` is to
// be counted, and none before it.
struct Tally {
    RunnerCounters counters;
    std::string counted_to;  // journal cursor; empty: nothing was counted yet
    std::optional<GivenUpJob> given_up;

    bool operator==(const Tally&) const = default;
};

struct Tallies {
    std::optional<std::string> origin;  // journal cursor: where a runner without a tally begins
    std::map<std::string, Tally> by_unit;
};

// What the runner's own lines say, folded in order. Only lines of the wrapper process count.
struct RunnerLog {
    std::string version;                    // "Current runner version"
    std::optional<WallTime> started;        // the wrapper started a listener
    std::optional<WallTime> trying_since;   // its first start that has not led to listening yet
    std::optional<WallTime> listening;      // the last "Listening for Jobs"
    std::optional<WallTime> contact;        // the last line that proves contact with GitHub
    std::optional<WallTime> connect_error;  // cleared by contact
    std::string connect_error_text;
    std::optional<WallTime> conflict;       // session conflict; cleared by listening
    std::optional<WallTime> updating;       // an update began; cleared by listening or its failure
    std::optional<WallTime> update_failed;  // cleared by an update that succeeds
    std::optional<WallTime> unregistered;   // a deregistration line; cleared by listening
    std::optional<WallTime> deprecated;     // "deprecated and cannot receive messages"
    std::optional<WallTime> removed;        // "Removed .runner": ephemeral end or deregistration;
                                            // cleared by the next start
    std::optional<WallTime> listener_exit;  // the last exit; cleared by the next start
    std::optional<WallTime> shutdown;       // it was asked to stop; cleared by the next start
    std::string listener_exit_code;         // "0".."7", "null", "-2", ...
    std::vector<WallTime> recent_exits;     // the last few, oldest first
    std::uint32_t exits_in_vain = 0;        // since it last listened
    std::optional<Job> job;                 // running now
    std::vector<Job> finished;              // the last few and those that are new, oldest first
    RunnerCounters counters;
    std::string counted_to;  // as in Tally, with the counters
    std::optional<GivenUpJob> given_up;
    bool counters_known = true;  // false: what was counted before is not known yet
};

inline Tally tally_of(const RunnerLog& log) {
    return {.counters = log.counters, .counted_to = log.counted_to, .given_up = log.given_up};
}

// What an operator asked of a runner (pawsctl runners drain, hold). Kept by the agent's store.
enum class WishKind { drain, hold };
struct Wish {
    WishKind kind = WishKind::drain;
    WallTime asked;
    std::optional<WallTime> until;  // a hold expires by itself
    std::string note;
    std::string by;       // who asked: a user's name
    std::string trouble;  // why it could not be carried out yet
};

struct Runner {
    std::string name;     // the unit without "actions.runner." and ".service"
    std::string unit;     // the full unit name
    std::string root;     // absolute; empty when unknown
    bool managed = true;  // by systemd; false: listed in the configuration of a host without it
    Sourced<Unit> unit_state;
    Sourced<RunnerFiles> files;
    Sourced<DirectoryBytes> directory_bytes;
    bool sizes_closed = false;  // the agent may not walk through one of its directories
    Sourced<Inspection> inspection;
    Sourced<ProcessTree> processes;
    Sourced<Cgroup> cgroup;
    Sourced<Sockets> sockets;
    Sourced<RunnerLog> log;
    Sourced<RunnerTrace> trace;
    Sourced<Reaches> reaches;
    std::optional<Wish> wish;
    Sourced<ApiRunner> api;                // absent unless the configuration names a way to ask
    Sourced<WaitingJobs> waiting{};        // absent unless GitHub is asked for jobs as well
    std::vector<QueueTime> queue_times{};  // of its jobs that GitHub could tell of
};

}  // namespace paws
