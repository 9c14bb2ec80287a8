#include "pawsctl/diagnose_runner.h"

#include "core/job_hook.h"
#include "core/text.h"
#include "pawsctl/dot_env.h"
#include "pawsctl/env_lint.h"
#include "pawsctl/fields.h"
#include "pawsctl/group_file.h"
#include "pawsctl/human.h"
#include "pawsctl/words.h"

#include <algorithm>

namespace paws::pawsctl {

namespace {

using Evidence = RunnerEvidence;
using Checks = std::vector<Check>;

constexpr std::uint64_t update_bytes = 1'000'000'000;
constexpr double old_seconds = 30.0 * 86'400;

std::string property(const Evidence& evidence, std::string_view name) {
    const auto found = evidence.service.find(name);
    return found == evidence.service.end() ? "" : printable(found->second);
}

std::string drop_in(const Evidence& evidence, const std::string& name, const std::string& setting) {
    const auto directory = "/etc/systemd/system/" + printable(evidence.unit) + ".d";
    return "mkdir -p " + directory + " && printf '[Service]\\n" + setting + "\\n' >" + directory +
           "/" + name + ".conf && systemctl daemon-reload";
}

Check unit(const Evidence& evidence) {
    const auto state = property(evidence, "UnitFileState");
    if (state == "enabled") {
        return well("unit", "enabled");
    }
    return state.empty() ? found("unit", Verdict::unknown, "systemd does not say", "")
                         : found("unit",
                                 Verdict::degraded,
                                 state + ": it does not come back when the host restarts",
                                 "systemctl enable " + printable(evidence.unit));
}

// The agent tells jobs from operators by the unit's cgroup, which a program of such a user's can
// leave: by cron, ssh or systemd-run.
void check_user(const Evidence& evidence, Checks& checks) {
    constexpr std::string_view group = "paws-agent";
    const auto user = property(evidence, "User");
    const bool by_unit = property(evidence, "Group") == group;
    if (!by_unit && !is_member(evidence.groups, group, user)) {
        return;
    }
    const auto unit = printable(evidence.unit);
    checks.push_back(found("user",
                           Verdict::degraded,
                           user + " is in the group paws-agent: its jobs can become operators and "
                                  "read the agent's secrets",
                           (by_unit ? "systemctl edit " + unit + " (without that group)"
                                    : "gpasswd -d " + user + " paws-agent") +
                               ", then restart the runner"));
}

void check_service(const Evidence& evidence, Checks& checks) {
    if (evidence.service.empty()) {
        return;
    }
    checks.push_back(unit(evidence));
    check_user(evidence, checks);
    checks.push_back(property(evidence, "OOMPolicy") == "continue"
                         ? well("OOMPolicy", "continue")
                         : found("OOMPolicy",
                                 Verdict::degraded,
                                 "one process of a job that runs out of memory stops the runner",
                                 drop_in(evidence, "oom", "OOMPolicy=continue")));
    const auto restart = property(evidence, "Restart");
    checks.push_back(restart == "always"
                         ? well("Restart", "always")
                         : unneeded("Restart",
                                    "no: it stays down after every end, which is GitHub's default "
                                    "and what the agent tells"));
    checks.push_back(property(evidence, "KillMode") == "process"
                         ? unneeded("KillMode",
                                    "process: a stop leaves a job's processes behind, which is "
                                    "GitHub's default")
                         : well("KillMode", property(evidence, "KillMode")));
}

Check program(const Evidence& evidence, const std::string& path) {
    const auto there = evidence.root.programs.find(path);
    return there != evidence.root.programs.end() && there->second
               ? well("program", path)
               : found("program",
                       Verdict::failed,
                       path + " is missing: the next start fails",
                       "do not restart it; unpack the runner's archive over " +
                           printable(evidence.root.path));
}

void check_programs(const Evidence& evidence, Checks& checks) {
    const auto& root = evidence.root;
    if (!evidence.unit.empty() && (root.service_bytes == 0 || !root.service_runs)) {
        const auto place = printable(root.path);
        checks.push_back(found("runsvc.sh",
                               Verdict::failed,
                               root.service_bytes == 0
                                   ? "is missing or empty: the next start fails"
                                   : "may not be executed: the next start fails",
                               "install -m 755 -o $(stat -c %U " + place + ") " + place +
                                   "/bin/runsvc.sh " + place + "/runsvc.sh"));
    } else if (!evidence.unit.empty()) {
        checks.push_back(well("runsvc.sh", "there, and may be executed"));
    }
    for (const auto& [path, there] : root.programs) {
        checks.push_back(program(evidence, path));
    }
}

void check_env(const Evidence& evidence, Checks& checks) {
    if (!evidence.root.environment) {
        checks.push_back(found(".env", Verdict::unknown, "may not be read", "sudo pawsctl doctor"));
        return;
    }
    const auto lints = lint_env(*evidence.root.environment);
    for (const auto& lint : lints) {
        checks.push_back(
            found(".env",
                  lint.verdict,
                  lint.what,
                  "edit " + printable(evidence.root.path) + "/.env, then restart the runner"));
    }
    if (lints.empty()) {
        checks.push_back(well(".env", "nothing in it is wrong"));
    }
}

// Absent hooks are a wish; a hook that is not there fails every job.
void check_hooks(const Evidence& evidence, Checks& checks) {
    if (!evidence.root.environment) {
        return;
    }
    bool ours = true;
    for (const auto& event : hook_events) {
        const auto script = env_value(*evidence.root.environment, event.setting);
        ours = ours && script == event.script;
        const auto there = script ? evidence.root.hooks.find(*script) : evidence.root.hooks.end();
        if (there != evidence.root.hooks.end() && !there->second) {
            checks.push_back(found("hooks",
                                   Verdict::failed,
                                   printable(*script) + " is missing: every job fails",
                                   "edit " + printable(evidence.root.path) + "/.env (" +
                                       std::string{event.setting} + "), then restart the runner"));
            return;
        }
    }
    checks.push_back(ours ? well("hooks", "installed: it tells whose jobs it runs")
                          : found("hooks",
                                  Verdict::degraded,
                                  "not installed: whose job it runs is known from _diag alone",
                                  "sudo pawsctl runners hook install " + printable(evidence.name)));
}

// What opens it: the access list of a directory that is closed itself, and where that is above the
// root, what keeps the agent's action from it. A link a job has put there, and no list opens it.
std::string way_to_traces(const Evidence& evidence, const std::string& error) {
    if (error.find("symlink") != std::string::npos) {
        return "ls -l " + printable(evidence.root.path) + "/_diag";
    }
    const auto files = text(object(evidence.runner, "files"), "error");
    return files.find("not opened by its action") == std::string::npos
               ? "setfacl -m u:paws-agent:rx " + printable(evidence.root.path) + "/_diag"
               : "journalctl -u 'paws-open@" + printable(evidence.name) + ".service'";
}

Check trace(const Evidence& evidence) {
    const auto& trace = object(evidence.runner, "trace");
    const auto error = text(trace, "error");
    if (trace.empty()) {
        return found(
            "_diag", Verdict::unknown, "the agent does not say whether it can read it", "");
    }
    return error.empty() ? well("_diag", "readable by the agent")
                         : found("_diag", Verdict::degraded, error, way_to_traces(evidence, error));
}

Check version(const Evidence& evidence) {
    const auto& files = object(evidence.runner, "files");
    const auto version = text(evidence.runner, "version");
    const auto built = moment(files, "version_built");
    const auto now = moment(evidence.runner, "time");
    if (version.empty() || !built || !now) {
        return found("version", Verdict::unknown, "the agent does not know it", "");
    }
    const bool pinned = flag(object(files, "settings"), "disable_update").value_or(false);
    const auto words = version + ", built " + age(*now - *built) + " ago";
    if (pinned && *now - *built > old_seconds) {
        return found("version",
                     Verdict::degraded,
                     words +
                         ", and it may not update itself: GitHub refuses it 30 days after a "
                         "newer release",
                     "install a newer runner by hand");
    }
    return well("version", words);
}

Check space(const Evidence& evidence) {
    const auto& space = evidence.root.space;
    if (!space) {
        return found("disk", Verdict::unknown, "its free space cannot be asked", "");
    }
    const auto free = size(static_cast<double>(space->avail_bytes)) + " free";
    return space->avail_bytes >= update_bytes
               ? well("disk", free)
               : found("disk",
                       Verdict::failed,
                       free + ": an update of the runner needs 1 GB",
                       "free space on the filesystem of " + printable(evidence.root.path));
}

}  // namespace

std::string node_of(std::string_view service_text) {
    static constexpr std::string_view begins = "./externals/";
    static constexpr std::string_view ends = "/bin/node";
    const auto begin = service_text.find(begins);
    if (begin == std::string_view::npos) {
        return {};
    }
    const auto rest = service_text.substr(begin + 2);
    const auto end = rest.find(ends);
    const auto path = rest.substr(0, end + ends.size());
    const bool plain = end != std::string_view::npos && path.size() < 100 &&
                       path.find_first_of(" \t\n\"'$`") == std::string_view::npos &&
                       path.find("..") == std::string_view::npos;
    return plain ? std::string{path} : std::string{};
}

Examined diagnose_runner(const Evidence& evidence) {
    Examined runner{.subject = printable(evidence.name), .checks = {}};
    auto& checks = runner.checks;
    check_service(evidence, checks);
    if (evidence.root.error) {
        const bool denied = evidence.root.error->code == Errc::denied;
        checks.push_back(found("directory",
                               denied ? Verdict::unknown : Verdict::failed,
                               printable(evidence.root.error->what, 1024),
                               denied ? "sudo pawsctl doctor" : ""));
    } else {
        check_programs(evidence, checks);
        check_env(evidence, checks);
        check_hooks(evidence, checks);
        checks.push_back(space(evidence));
    }
    checks.push_back(trace(evidence));
    checks.push_back(version(evidence));
    return runner;
}

}  // namespace paws::pawsctl
