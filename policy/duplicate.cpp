#include "policy/duplicate.h"

#include "core/snapshot.h"
#include "policy/processes.h"

namespace paws::policy {

namespace {

bool works(const Runner& runner, const Now& now) {
    const auto* unit = fresh(runner.unit_state, now);
    return (unit != nullptr && unit->active_state == "active") ||
           listener_of(runner, now) != nullptr;
}

const RunnerSettings* settings_of(const Runner& runner, const Now& now) {
    const auto* files = fresh(runner.files, now);
    return files != nullptr && files->settings && files->settings->agent_id ? &*files->settings
                                                                            : nullptr;
}

// Agents have numbers of their own on each of GitHub's servers.
bool is_same_registration(const RunnerSettings* one, const RunnerSettings* other) {
    return one != nullptr && other != nullptr && one->agent_id == other->agent_id &&
           one->github_url == other->github_url && one->server_url == other->server_url;
}

}  // namespace

std::optional<Duplicate> duplicate_of(const Runner& runner,
                                      const std::vector<Runner>& all,
                                      const Now& now) {
    if (!works(runner, now)) {
        return std::nullopt;
    }
    const auto* settings = settings_of(runner, now);
    for (const auto& other : all) {
        if (other.name == runner.name || !works(other, now)) {
            continue;
        }
        if (!runner.root.empty() && other.root == runner.root) {
            return Duplicate{.of = other.name, .why = "the same directory, " + runner.root};
        }
        if (is_same_registration(settings, settings_of(other, now))) {
            return Duplicate{.of = other.name,
                             .why = "the same registration, agent " +
                                    std::to_string(*settings->agent_id) + " of " +
                                    settings->github_url};
        }
    }
    return std::nullopt;
}

}  // namespace paws::policy
