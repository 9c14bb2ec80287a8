#include "agent/role.h"

#include "core/text.h"

#include <algorithm>

namespace paws::agent {

namespace {

bool is_within(std::string_view cgroup, std::string_view unit_cgroup) {
    return !unit_cgroup.empty() && unit_cgroup != "/" && cgroup.starts_with(unit_cgroup) &&
           (cgroup.size() == unit_cgroup.size() || cgroup[unit_cgroup.size()] == '/');
}

const Runner* runner_around(std::string_view cgroup, const Facts& facts) {
    const auto found = std::ranges::find_if(facts.runners, [&](const Runner& runner) {
        const auto& unit = runner.unit_state.value;
        return unit && is_within(cgroup, unit->control_group);
    });
    return found == facts.runners.end() ? nullptr : &*found;
}

// Also one that is not discovered yet.
bool is_a_runners(std::string_view cgroup) {
    return cgroup.find("/actions.runner.") != std::string_view::npos;
}

// Of the unit's main process: the unit's User=, without asking the name service.
std::optional<std::uint32_t> uid_of(const Runner& runner) {
    if (!runner.unit_state.value || !runner.processes.value) {
        return std::nullopt;
    }
    const auto& processes = runner.processes.value->processes;
    const auto main =
        std::ranges::find(processes, runner.unit_state.value->main_pid, &Process::pid);
    return main == processes.end() ? std::nullopt : std::optional{main->uid};
}

std::string join_advice(const Household& household) {
    return household.group
               ? "only root and members of the group paws-agent may ask; join it with: "
                 "sudo usermod -aG paws-agent $USER, and log in again"
               : "only root and the agent's own user may ask, as this host has no group "
                 "paws-agent; try: sudo pawsctl ...";
}

Standing within_runner(const Asker& asker, const Facts& facts) {
    const auto* runner = runner_around(*asker.cgroup, facts);
    if (runner != nullptr && uid_of(*runner) == asker.peer.uid) {
        return {.role = Role::job,
                .runner = runner->name,
                .advice =
                    "a job may not ask this; ask from a shell outside the runner, as root or "
                    "as a member of the group paws-agent"};
    }
    return {.role = Role::stranger,
            .runner = "",
            .advice =
                "a process in a runner's unit may not ask as another user; ask from a shell "
                "outside the runner"};
}

}  // namespace

const Permission* permission_for(std::string_view verb) {
    const auto* const found = std::ranges::find(permissions, verb, &Permission::name);
    return found == permissions.end() ? nullptr : found;
}

bool may(Role role, const Permission& permission) {
    switch (role) {
        case Role::host_operator:
            return permission.host_operator;
        case Role::job:
            return permission.job;
        case Role::stranger:
            return permission.stranger;
    }
    return false;
}

Standing standing_of(const Asker& asker, const Household& household, const Facts& facts) {
    Standing host_operator{.role = Role::host_operator, .runner = "", .advice = ""};
    const auto& peer = asker.peer;
    if (peer.uid == 0) {
        return host_operator;
    }
    if (asker.cgroup &&
        (runner_around(*asker.cgroup, facts) != nullptr || is_a_runners(*asker.cgroup))) {
        return within_runner(asker, facts);
    }
    if (peer.uid == household.uid) {
        return host_operator;
    }
    const bool member =
        household.group && (peer.gid == *household.group ||
                            std::ranges::find(peer.groups, *household.group) != peer.groups.end());
    if (member && asker.cgroup) {
        return host_operator;
    }
    if (member) {
        return {.role = Role::stranger,
                .runner = "",
                .advice =
                    "/proc/PID/cgroup of the asking process cannot be read (is /proc mounted "
                    "with hidepid?), so it may be a job; ask as root"};
    }
    return {.role = Role::stranger, .runner = "", .advice = join_advice(household)};
}

// Where systemd keeps to v2, a v1 hierarchy of its name may be that of a host around this one;
// where it keeps to v1, v2 is either the same or not in use, and then every process is at its root.
std::optional<std::string> parse_cgroup(std::string_view text) {
    std::optional<std::string> v1;
    std::optional<std::string> v2;
    while (!text.empty()) {
        auto line = take_until(text, '\n');
        const auto hierarchy = take_until(line, ':');
        const auto controllers = take_until(line, ':');
        if (!line.starts_with('/')) {
            continue;
        }
        if (controllers == "name=systemd") {
            v1 = std::string{line};
        }
        if (hierarchy == "0" && controllers.empty()) {
            v2 = std::string{line};
        }
    }
    return v2 && (*v2 != "/" || !v1) ? v2 : v1;
}

}  // namespace paws::agent
