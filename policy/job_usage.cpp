#include "policy/job_usage.h"

#include "core/snapshot.h"
#include "policy/host.h"
#include "policy/job_verdict.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace paws::policy {

namespace {

using namespace std::chrono_literals;

// A line is read a moment after the job began, and ticks are at most so far apart.
constexpr auto tick_slack = 5s;

// What was added between two readings, and what the later one holds of memory and disk.
struct Spent {
    JobReadings added;
    std::optional<std::uint64_t> memory_bytes;  // the highest that is known of
    std::optional<std::uint64_t> disk_free_bytes;
};

bool same_job(const MeasuredJob& measured, const Job& job) {
    return measured.first_line == job.first_line && measured.name == job.name;
}

JobReadings read(const Runner& runner, const Now& now) {
    JobReadings readings{.at = now.wall};
    if (const auto* group = fresh(runner.cgroup, now)) {
        const auto total = [](const std::optional<Stall>& stall) {
            return stall ? std::optional{stall->total_seconds} : std::nullopt;
        };
        readings.cgroup = group->id;
        readings.cpu_seconds = group->cpu_seconds;
        readings.cpu_stall_seconds = total(group->pressure.cpu.some);
        readings.memory_stall_seconds = total(group->pressure.memory.some);
        readings.io_stall_seconds = total(group->pressure.io.some);
        readings.oom_kills = group->oom_kills;
        readings.memory_peak_bytes = group->memory_peak_bytes;
    }
    if (const auto* log = fresh(runner.log, now)) {
        readings.connect_errors = log->counters.connect_errors;
    }
    return readings;
}

// A counter that is below its last reading began again at zero.
template <class Number>
std::optional<Number> added(const std::optional<Number>& before,
                            const std::optional<Number>& after,
                            bool began_again) {
    if (!after || (!before && !began_again)) {
        return std::nullopt;
    }
    return began_again || *after < *before ? *after : *after - *before;
}

JobReadings added(const JobReadings& before, const JobReadings& after) {
    const bool other = before.cgroup != 0 && after.cgroup != 0 && before.cgroup != after.cgroup;
    const auto of = [&](auto member) { return added(before.*member, after.*member, other); };
    return {.at = after.at,
            .cgroup = after.cgroup,
            .cpu_seconds = of(&JobReadings::cpu_seconds),
            .cpu_stall_seconds = of(&JobReadings::cpu_stall_seconds),
            .memory_stall_seconds = of(&JobReadings::memory_stall_seconds),
            .io_stall_seconds = of(&JobReadings::io_stall_seconds),
            .oom_kills = of(&JobReadings::oom_kills),
            .memory_peak_bytes = of(&JobReadings::memory_peak_bytes),
            .connect_errors = added(before.connect_errors, after.connect_errors, false)};
}

// What could not be read now may be readable again: the difference is then taken to what was last.
template <class Number>
void keep(std::optional<Number>& after, const std::optional<Number>& before) {
    after = after ? after : before;
}

void keep_unread(JobReadings& after, const JobReadings& before) {
    after.cgroup = after.cgroup != 0 ? after.cgroup : before.cgroup;
    keep(after.connect_errors, before.connect_errors);
    if (after.cgroup != before.cgroup) {
        return;
    }
    keep(after.cpu_seconds, before.cpu_seconds);
    keep(after.cpu_stall_seconds, before.cpu_stall_seconds);
    keep(after.memory_stall_seconds, before.memory_stall_seconds);
    keep(after.io_stall_seconds, before.io_stall_seconds);
    keep(after.oom_kills, before.oom_kills);
    keep(after.memory_peak_bytes, before.memory_peak_bytes);
}

Spent spent(const Runner& runner,
            const Host& host,
            const JobReadings& before,
            const JobReadings& after,
            const Now& now) {
    Spent spent{.added = added(before, after)};
    if (const auto* group = fresh(runner.cgroup, now)) {
        spent.memory_bytes = group->memory_bytes;
        // The kernel's own mark tells of what lies between two ticks, but only when it rose.
        const bool rose = spent.added.memory_peak_bytes.value_or(0) > 0;
        if (rose && group->memory_peak_bytes) {
            spent.memory_bytes =
                std::max(spent.memory_bytes.value_or(0), *group->memory_peak_bytes);
        }
    }
    const auto* filesystem = filesystem_of(host, runner.root, now);
    if (filesystem != nullptr && filesystem->usage) {
        spent.disk_free_bytes = filesystem->usage->avail_bytes;
    }
    return spent;
}

// Of a counter that could not be read when the job began nothing is told later either.
template <class Number>
void add(std::optional<Number>& sum, const std::optional<Number>& more) {
    if (sum && more) {
        *sum += *more;
    }
}

void add(MeasuredJob& job, const Spent& spent) {
    if (!job.whole) {
        return;
    }
    auto& usage = job.usage;
    add(usage.cpu_seconds, spent.added.cpu_seconds);
    add(usage.cpu_stall_seconds, spent.added.cpu_stall_seconds);
    add(usage.memory_stall_seconds, spent.added.memory_stall_seconds);
    add(usage.io_stall_seconds, spent.added.io_stall_seconds);
    add(usage.oom_kills, spent.added.oom_kills);
    add(usage.connect_errors, spent.added.connect_errors);
    if (spent.memory_bytes) {
        usage.memory_peak_bytes =
            std::max(usage.memory_peak_bytes.value_or(0), *spent.memory_bytes);
    }
    if (spent.disk_free_bytes) {
        usage.disk_low_bytes =
            std::min(usage.disk_low_bytes.value_or(*spent.disk_free_bytes), *spent.disk_free_bytes);
    }
}

template <class Number>
std::optional<Number> zero_of(const std::optional<Number>& reading) {
    return reading ? std::optional{Number{}} : std::nullopt;
}

MeasuredJob begin(const Job& job, bool whole, const JobReadings& at) {
    MeasuredJob begun{.first_line = job.first_line, .name = job.name, .whole = whole, .usage = {}};
    if (whole) {
        begun.usage = {.cpu_seconds = zero_of(at.cpu_seconds),
                       .memory_peak_bytes = {},
                       .oom_kills = zero_of(at.oom_kills),
                       .cpu_stall_seconds = zero_of(at.cpu_stall_seconds),
                       .memory_stall_seconds = zero_of(at.memory_stall_seconds),
                       .io_stall_seconds = zero_of(at.io_stall_seconds),
                       .disk_low_bytes = {},
                       .connect_errors = zero_of(at.connect_errors),
                       .queue_seconds = {}};
    }
    return begun;
}

const MeasuredJob* find(const std::vector<MeasuredJob>& measured, const Job& job) {
    const auto found =
        std::ranges::find_if(measured, [&](const MeasuredJob& one) { return same_job(one, job); });
    return found == measured.end() ? nullptr : &*found;
}

// One tick's share, for one job.
class Share {
public:
    Share(const JobMeter& meter, Spent spent, bool first)
        : last_{meter.last}, spent_{spent}, first_{first} {}

    void give(MeasuredJob& job) {
        add(job, spent_);
        given_ = true;
    }
    // A job that began since the last tick, before anybody else had this one's share.
    MeasuredJob give_from_start(const Job& job) {
        auto begun = begin(job, in_sight(job), last_);
        give(begun);
        return begun;
    }
    bool in_sight(const Job& job) const { return !first_ && job.started >= last_.at - tick_slack; }
    bool given() const { return given_; }

private:
    const JobReadings& last_;
    Spent spent_;
    bool first_;
    bool given_ = false;
};

// Jobs that began and ended since the last tick. What two of them took together tells of neither.
void measure_unseen(const RunnerLog& log, JobMeter& meter, Share& share) {
    std::vector<const Job*> unseen;
    for (const auto& job : log.finished) {
        if (find(meter.ended, job) == nullptr) {
            unseen.push_back(&job);
        }
    }
    const bool alone = unseen.size() == 1 && !share.given();
    for (const auto* job : unseen) {
        meter.ended.push_back(alone ? share.give_from_start(*job) : begin(*job, false, meter.last));
    }
}

void follow(const RunnerLog& log, const JobReadings& readings, JobMeter& meter, Share& share) {
    if (meter.running && (!log.job || !same_job(*meter.running, *log.job))) {
        meter.ended.push_back(*std::exchange(meter.running, std::nullopt));
    }
    measure_unseen(log, meter, share);
    if (log.job && !meter.running) {
        meter.running = share.given() ? begin(*log.job, share.in_sight(*log.job), readings)
                                      : share.give_from_start(*log.job);
    }
    std::erase_if(meter.ended, [&](const MeasuredJob& measured) {
        return std::ranges::none_of(log.finished,
                                    [&](const Job& job) { return same_job(measured, job); });
    });
}

// A job that ended while no agent ran: what was used meanwhile may be another's.
bool is_past(const JobMeter& meter, const RunnerLog& log) {
    return meter.resumed && !(meter.running && log.job && same_job(*meter.running, *log.job));
}

JobUsage with_queue_time(JobUsage usage, const Job& job, const Runner& runner) {
    const auto told = std::ranges::find(runner.queue_times, job.started, &QueueTime::started);
    if (told != runner.queue_times.end()) {
        usage.queue_seconds = told->seconds;
    }
    return usage;
}

JobView view_of(const RunnerLog& log, const JobMeter& meter, const Runner& runner) {
    JobView view;
    if (meter.running && log.job) {
        view.running = with_queue_time(meter.running->usage, *log.job, runner);
    }
    for (const auto& job : log.finished) {
        const auto* measured = find(meter.ended, job);
        const auto usage =
            with_queue_time(measured != nullptr ? measured->usage : JobUsage{}, job, runner);
        view.finished.push_back({.job = job, .usage = usage, .verdict = judge_job(job, usage)});
    }
    return view;
}

}  // namespace

JobView measure_jobs(const Runner& runner,
                     const Host& host,
                     std::optional<JobMeter>& meter,
                     const Now& now) {
    static const RunnerLog no_log;
    if (meter && meter->resumed && !runner.log.value) {
        return {};  // whether that job still runs is not known yet
    }
    const auto& log = runner.log.value ? *runner.log.value : no_log;
    auto readings = read(runner, now);
    const bool first = !meter || is_past(*meter, log);
    if (first) {
        auto ended = meter ? std::move(meter->ended) : std::vector<MeasuredJob>{};
        meter = JobMeter{.last = readings, .running = {}, .ended = std::move(ended)};
    }
    meter->resumed = false;
    Share share{*meter, spent(runner, host, meter->last, readings, now), first};
    if (meter->running) {
        share.give(*meter->running);
    }
    follow(log, readings, *meter, share);
    keep_unread(readings, meter->last);
    meter->last = readings;
    return view_of(log, *meter, runner);
}

}  // namespace paws::policy
