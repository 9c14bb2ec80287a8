#include "policy/drain.h"

#include "core/snapshot.h"
#include "policy/clock.h"
#include "policy/host.h"
#include "policy/processes.h"

#include <algorithm>

namespace paws::policy {

namespace {

// Two witnesses: no worker among all its processes, and no job in what it printed.
bool is_certainly_free(const Runner& runner, RunnerState state, const Now& now) {
    const auto* tree = telling_processes(runner, now);
    const auto* log = fresh(runner.log, now);
    if (state == RunnerState::unknown || state == RunnerState::updating) {
        return false;
    }
    return tree != nullptr && tree->error.empty() && !has(*tree, ProcessRole::worker) &&
           log != nullptr && !log->job;
}

bool is_active(const Runner& runner, const Now& now) {
    const auto* unit = fresh(runner.unit_state, now);
    return unit != nullptr && unit->active_state == "active";
}

bool is_down(const Runner& runner, const Now& now) {
    const auto* unit = fresh(runner.unit_state, now);
    return unit != nullptr && (unit->active_state == "inactive" || unit->active_state == "failed");
}

std::string describe(const Wish& wish) {
    return std::string{wish.kind == WishKind::hold ? "hold" : "drain"} +
           (wish.by.empty() ? "" : " by " + wish.by) + (wish.note.empty() ? "" : ": " + wish.note);
}

void check_disk(std::vector<std::string>& reasons,
                const Runner& runner,
                const Host& host,
                const Now& now) {
    const auto* filesystem = filesystem_of(host, runner.root, now);
    if (filesystem == nullptr) {
        return;
    }
    const auto& where = filesystem->mountpoint;
    if (filesystem->read_only) {
        reasons.push_back(where + " is read-only: see `dmesg`, then remount it");
    } else if (does_not_answer(*filesystem)) {
        reasons.push_back(where + " does not answer: see `pawsctl status`");
    } else if (bytes_fullness(*filesystem) == Fullness::full) {
        reasons.push_back(where + " is full: make room first");
    } else if (inodes_fullness(*filesystem) == Fullness::full) {
        reasons.push_back(where + " has hardly an inode left: remove small files first");
    }
}

void check_unit(std::vector<std::string>& reasons, const Runner& runner, const Now& now) {
    const auto* unit = fresh(runner.unit_state, now);
    if (unit == nullptr) {
        reasons.emplace_back("systemd does not say how its unit is: see `pawsctl status`");
        return;
    }
    if (unit->load_state == "masked" || unit->unit_file_state.starts_with("masked")) {
        reasons.push_back("its unit is masked: systemctl unmask " + runner.unit);
    }
    if (unit->needs_daemon_reload) {
        reasons.emplace_back("its unit file has changed: systemctl daemon-reload");
    }
}

}  // namespace

bool has_expired(const Wish& wish, const Now& now) {
    return wish.until && *wish.until <= now.wall;
}

std::vector<UnitAction> plan_wishes(const Facts& facts, const Judgement& judged, const Now& now) {
    std::vector<UnitAction> plan;
    for (const auto& runner : facts.runners) {
        const auto judgement =
            std::ranges::find(judged.runners, runner.name, &RunnerJudgement::name);
        if (!runner.wish || runner.unit.empty() || judgement == judged.runners.end()) {
            continue;
        }
        const bool over = has_expired(*runner.wish, now);
        if (over && is_down(runner, now)) {
            plan.push_back({.verb = UnitVerb::start,
                            .runner = runner.name,
                            .unit = runner.unit,
                            .why = "its hold is over"});
        } else if (!over && is_active(runner, now) &&
                   is_certainly_free(runner, judgement->state, now)) {
            plan.push_back({.verb = UnitVerb::stop,
                            .runner = runner.name,
                            .unit = runner.unit,
                            .why = describe(*runner.wish)});
        }
    }
    return plan;
}

std::vector<std::string> reasons_against_start(const Runner& runner,
                                               const Host& host,
                                               const Now& now) {
    std::vector<std::string> reasons;
    check_unit(reasons, runner, now);
    check_disk(reasons, runner, host, now);
    if (const auto* files = fresh(runner.files, now); files != nullptr) {
        if (!files->start_fault.empty()) {
            reasons.push_back(files->start_fault + ": lay the runner out again first");
        }
    }
    if (clock_is_far_off(clock_behind_github({runner}, now))) {
        reasons.emplace_back(
            "this host's clock is more than a minute off, so GitHub refuses it: "
            "timedatectl set-ntp true");
    }
    if (const auto* tree = fresh(runner.processes, now);
        tree != nullptr && has(*tree, ProcessRole::orphan_worker)) {
        reasons.emplace_back(
            "a worker of an earlier job still runs: a new job would wipe its files");
    }
    return reasons;
}

}  // namespace paws::policy
