// Judgement: what policy concludes from the facts, with evidence. Plain values.

#pragma once

#include "core/blame.h"
#include "core/runner_facts.h"
#include "core/time.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace paws {

// What the runner does. Order is the order of precedence: the first that holds is the state.
enum class RunnerState : std::uint8_t {
    unknown,
    stopped,
    done,
    unregistered,
    starting,
    updating,
    offline,
    hung,
    draining,
    busy,
    idle,
};
inline constexpr std::array runner_states{RunnerState::unknown,
                                          RunnerState::stopped,
                                          RunnerState::done,
                                          RunnerState::unregistered,
                                          RunnerState::starting,
                                          RunnerState::updating,
                                          RunnerState::offline,
                                          RunnerState::hung,
                                          RunnerState::draining,
                                          RunnerState::busy,
                                          RunnerState::idle};

// Whether to worry, apart from what the runner does.
enum class Health { ok, degraded, failed, unknown };
inline constexpr std::array healths{Health::ok, Health::degraded, Health::failed, Health::unknown};

enum class Problem {
    crash_loop,
    orphan_worker,
    contact_late,
    lease_late,
    job_stuck,
    worker_stuck,
    jobs_failing,
    spool,
    install,
    update,
    diag,
    disk,
    inodes,
    memory,
    cpu,
    version,
    clock,
    unit_changed,
    duplicate,
    jobs_wait,
};
inline constexpr std::array problems{
    Problem::crash_loop, Problem::orphan_worker, Problem::contact_late, Problem::lease_late,
    Problem::job_stuck,  Problem::worker_stuck,  Problem::jobs_failing, Problem::spool,
    Problem::install,    Problem::update,        Problem::diag,         Problem::disk,
    Problem::inodes,     Problem::memory,        Problem::cpu,          Problem::version,
    Problem::clock,      Problem::unit_changed,  Problem::duplicate,    Problem::jobs_wait};

// What is wrong, and what was looked for: of a problem whose facts are missing nothing is known.
struct Problems {
    std::set<Problem> checked;
    std::set<Problem> found;

    // `there` is absent when the facts that tell are.
    void check(Problem problem, std::optional<bool> there) {
        if (there) {
            checked.insert(problem);
        }
        if (there.value_or(false)) {
            found.insert(problem);
        }
    }
};

// The signs of a listener that is alive and dead to GitHub. Two of them together are proof.
enum class HungSign {
    silent_sockets,    // nothing was received on any socket of the unit
    late_lease,        // a job runs and its lease is not renewed: then sockets say nothing
    no_socket,         // it has none, although this host reaches the same server
    github_disagrees,  // GitHub says that it is offline
    jobs_wait,         // GitHub says online, and a job that it could take is not given to it
    stuck_process,     // the listener is in process state D, Z or T
};
inline constexpr std::array hung_signs{HungSign::silent_sockets,
                                       HungSign::late_lease,
                                       HungSign::no_socket,
                                       HungSign::github_disagrees,
                                       HungSign::jobs_wait,
                                       HungSign::stuck_process};

struct Evidence {
    std::string fact;
    std::string value;
    std::optional<double> age_seconds;
};

struct RunnerJudgement {
    std::string name;
    RunnerState state = RunnerState::unknown;
    WallTime since;      // when the state began, as far as we know
    std::string reason;  // one line for people; for `stopped` it begins with the reason word
    Health health = Health::unknown;
    std::optional<Blame> blame;  // absent while nothing is wrong
    std::set<HungSign> signs;
    Problems problems;
    std::vector<Evidence> evidence;
    std::optional<WallTime> last_contact;
    std::optional<JobUsage> job_usage;  // of the job that runs
    std::vector<JobRecord> finished;    // those of RunnerLog::finished
};

struct HostJudgement {
    Health health = Health::unknown;
    Problems problems;
    std::map<std::string, double> full_in_seconds;  // by mountpoint, where the trend says so
    std::optional<double> cpu_busy;                 // share of all CPUs since the previous tick
    std::optional<double> clock_behind_github_seconds{};  // negative: ahead
};

// One reading of a filesystem's free space, kept for the forecast.
struct SpaceSample {
    BootTime at;
    std::uint64_t avail_bytes = 0;
};

// Since when a runner's silence would be noticed, and the newest sign of life from GitHub.
struct Contact {
    BootTime seen;  // when we looked last
    BootTime watched_since;
    BootTime explained;  // when silence was last explained, or nothing spoke against an outage
    std::optional<BootTime> last{};
    std::optional<BootTime> stuck_since{};  // the listener's process, at every look since
    std::optional<BootTime> received{};     // the newest byte on its sockets, whoever it was for
    // The newest lines that counted, so that each counts once.
    std::optional<WallTime> line{};
    std::optional<WallTime> lease{};
};

// When a runner's processes had last used the CPU for more than a moment, and what it was then.
struct Exertion {
    BootTime at;
    double cpu_seconds = 0;
};

// Counters that only rise, read at one moment; what a job took is the difference of two.
struct JobReadings {
    WallTime at;
    std::uint64_t cgroup = 0;  // its id: counters begin again in a new one
    std::optional<double> cpu_seconds;
    std::optional<double> cpu_stall_seconds;
    std::optional<double> memory_stall_seconds;
    std::optional<double> io_stall_seconds;
    std::optional<std::uint64_t> oom_kills;
    std::optional<std::uint64_t> memory_peak_bytes;
    std::optional<std::uint64_t> connect_errors;
};

// A job as far as it was measured.
struct MeasuredJob {
    WallTime first_line;
    std::string name;
    bool whole = false;  // from its beginning: of less nothing is told
    JobUsage usage;
};

struct JobMeter {
    JobReadings last;
    std::optional<MeasuredJob> running;
    std::vector<MeasuredJob> ended;  // those of RunnerLog::finished
    bool resumed = false;            // it is another agent's, from before this one started
};

// The readings that a judgement needs from those before it.
struct Memories {
    std::map<std::string, Contact> contact;                 // by runner
    std::map<std::string, Exertion> exertion;               // by runner
    std::map<std::string, JobMeter> jobs;                   // by runner
    std::map<std::string, std::vector<SpaceSample>> space;  // by mountpoint
    std::map<Problem, BootTime> host_since;                 // since when a bound is crossed
    std::optional<CpuTimes> cpu;                            // at the previous tick
};

struct Judgement {
    HostJudgement host;
    std::vector<RunnerJudgement> runners;  // in the order of Facts::runners
    Memories memories;
};

}  // namespace paws
