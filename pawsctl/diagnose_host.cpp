#include "pawsctl/diagnose_host.h"

#include "core/text.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/group_file.h"
#include "pawsctl/words.h"

#include <algorithm>

namespace paws::pawsctl {

namespace {

using Evidence = HostEvidence;

Check agent(const Evidence& evidence) {
    if (!evidence.refused) {
        const auto& agent = object(evidence.status, "agent");
        return well("agent",
                    "answers at " + printable(evidence.socket) + ", version " +
                        text(agent, "version") + ", to an operator (this user)");
    }
    const bool denied = evidence.refused->exit_code == exit_refused;
    return found("agent",
                 denied ? Verdict::unknown : Verdict::failed,
                 evidence.refused->message,
                 denied ? "sudo pawsctl doctor" : "systemctl enable --now paws-agent");
}

bool has_entry(std::string_view file, std::string_view name) {
    while (!file.empty()) {
        auto line = take_until(file, '\n');
        if (take_until(line, ':') == name) {
            return true;
        }
    }
    return false;
}

Check user(const Evidence& evidence) {
    if (!has_entry(evidence.users, "paws-agent")) {
        return found("user",
                     Verdict::degraded,
                     "no user paws-agent: the packaged service cannot start",
                     "systemd-sysusers");
    }
    if (!is_member(evidence.groups, "systemd-journal", "paws-agent")) {
        return found("user",
                     Verdict::degraded,
                     "paws-agent is not in the group systemd-journal: it cannot read the journal",
                     "systemd-sysusers && systemctl restart paws-agent");
    }
    return well("user", "paws-agent, in the group systemd-journal");
}

struct Lack {
    std::string_view what;
    std::string_view fix;
};
std::optional<Lack> lack_of_polkit(const Evidence& evidence) {
    if (!evidence.polkit) {
        return Lack{"is not installed", "apt install polkitd || dnf install polkit"};
    }
    if (evidence.polkit_load == "masked") {
        return Lack{"is masked", "systemctl unmask polkit"};
    }
    if (evidence.polkit_active == "failed") {
        return Lack{"has failed", "systemctl restart polkit; journalctl -u polkit -n 20"};
    }
    return evidence.polkit_rule ? std::nullopt
                                : std::optional{Lack{"does not have the agent's rule",
                                                     "install paws-runner-agent again"}};
}

Check polkit(const Evidence& evidence) {
    const auto lack = lack_of_polkit(evidence);
    return lack
               ? found("polkit",
                       Verdict::degraded,
                       std::string{lack->what} +
                           ": the agent cannot drain or resume runners, nor look into closed homes",
                       std::string{lack->fix})
               : well("polkit", "lets the agent drain runners and start its actions");
}

// A line of /proc/mounts is DEVICE MOUNTPOINT TYPE OPTIONS ...
struct Mount {
    std::string_view type;
    std::string_view options;
};
std::optional<Mount> mount_at(std::string_view mounts, std::string_view place) {
    std::optional<Mount> last;
    while (!mounts.empty()) {
        auto line = take_until(mounts, '\n');
        take_word(line);
        if (take_word(line) == place) {
            const auto type = take_word(line);
            last = Mount{.type = type, .options = take_word(line)};
        }
    }
    return last;
}

Check cgroup(const Evidence& evidence) {
    const auto mount = mount_at(evidence.mounts, "/sys/fs/cgroup");
    if (mount && mount->type == "cgroup2") {
        return well("cgroup v2", "mounted at /sys/fs/cgroup");
    }
    return found(
        "cgroup v2",
        Verdict::degraded,
        "not mounted alone at /sys/fs/cgroup: a runner's sockets and pressure are not seen",
        "boot with systemd.unified_cgroup_hierarchy=1");
}

Check hidepid(const Evidence& evidence) {
    const auto mount = mount_at(evidence.mounts, "/proc");
    auto options = mount ? mount->options : std::string_view{};
    while (!options.empty()) {
        const auto option = take_until(options, ',');
        if (option.starts_with("hidepid=") && option != "hidepid=0" && option != "hidepid=off") {
            return found("processes",
                         Verdict::degraded,
                         "/proc is mounted with " + printable(option) +
                             ": listeners and workers are hidden from the agent",
                         "mount -o remount,hidepid=0 /proc, and the same in /etc/fstab");
        }
    }
    return well("processes", "/proc shows those of all users");
}

// What the agent says of one of its collectors; nothing when it does not answer.
std::optional<std::string> collector_error(const Evidence& evidence, std::string_view name) {
    for (const auto* one : objects(object(evidence.status, "agent"), "collectors")) {
        if (text(*one, "name") == name) {
            return text(*one, "error");
        }
    }
    return std::nullopt;
}

// The group must be able to read what journald makes there, which is tmpfiles' to say.
constexpr std::string_view keep_journal =
    "mkdir -p /var/log/journal && systemd-tmpfiles --create --prefix=/var/log/journal && "
    "systemctl restart systemd-journald";
// Named so that it is read after other drop-ins.
constexpr std::string_view set_persistent =
    "mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=persistent\\n' "
    ">/etc/systemd/journald.conf.d/zz-persistent.conf && ";

std::optional<Check> journal_on_disk(const Evidence& evidence) {
    const auto& storage = evidence.journal_storage;
    const auto why = " (Storage=" + storage.word + " in " + printable(storage.file) + ")";
    const auto fix = std::string{set_persistent} + std::string{keep_journal};
    if (storage.word == "none") {
        return found("journal",
                     Verdict::failed,
                     "keeps nothing" + why + ": what runners say is never known",
                     fix);
    }
    constexpr const char* lost = "is lost when the host restarts, and with it what runners said";
    if (storage.word == "volatile") {
        return found("journal", Verdict::degraded, lost + why, fix);
    }
    return evidence.journal_directory
               ? std::nullopt
               : std::optional{
                     found("journal", Verdict::degraded, lost, std::string{keep_journal})};
}

Check journal(const Evidence& evidence) {
    const auto error = collector_error(evidence, "journal");
    if (error && !error->empty()) {
        return found("journal",
                     Verdict::failed,
                     *error,
                     "usermod -aG systemd-journal paws-agent && systemctl restart paws-agent");
    }
    if (auto lost = journal_on_disk(evidence)) {
        return *std::move(lost);
    }
    return error ? well("journal", "readable by the agent, kept over restarts")
                 : found("journal",
                         Verdict::unknown,
                         "kept; whether the agent may read it is its "
                         "own to say",
                         "");
}

Check clock(const Evidence& evidence) {
    const auto& host = object(evidence.status, "host");
    const auto& clock = object(host, "clock");
    const auto synchronised = flag(clock, "synchronised");
    if (has_problem(host, "clock") || !synchronised.value_or(true)) {
        return found(
            "clock",
            Verdict::degraded,
            clock_words(clock) + ": GitHub refuses a runner whose clock is off by five minutes",
            "timedatectl set-ntp true");
    }
    return synchronised ? well("clock", clock_words(clock))
                        : found("clock", Verdict::unknown, "the agent does not say", "");
}

Check needrestart(const Evidence& evidence) {
    if (!evidence.needrestart) {
        return unneeded("needrestart", "is not installed");
    }
    if (evidence.needrestart_rules.find("actions.runner") != std::string::npos ||
        evidence.needrestart_rules.find("actions\\.runner") != std::string::npos) {
        return well("needrestart", "leaves runners alone");
    }
    return found("needrestart",
                 Verdict::degraded,
                 "restarts runners in the middle of a job after upgrades",
                 "echo '$nrconf{override_rc}{qr(^actions\\.runner\\..+\\.service$)} = 0;' "
                 ">/etc/needrestart/conf.d/actions_runner_services.conf");
}

Check collectors(const Evidence& evidence) {
    std::string failing;
    for (const auto* one : objects(object(evidence.status, "agent"), "collectors")) {
        if (!flag(*one, "success").value_or(false) && text(*one, "name") != "journal") {
            failing +=
                (failing.empty() ? "" : "; ") + text(*one, "name") + ": " + text(*one, "error");
        }
    }
    return failing.empty()
               ? well("collectors", "none fails")
               : found("collectors", Verdict::degraded, failing, "journalctl -u paws-agent -n 50");
}

// Only the agent's own word counts: it also knows those of its configuration.
std::optional<Check> runners(const Evidence& evidence) {
    if (evidence.refused || !objects(evidence.status, "runners").empty()) {
        return std::nullopt;
    }
    return unneeded("runners",
                    "none was found; in a runner's directory, run: sudo ./svc.sh install && sudo "
                    "./svc.sh start");
}

}  // namespace

Examined diagnose_host(const HostEvidence& evidence) {
    Examined host{.subject = "host",
                  .checks = {agent(evidence),
                             user(evidence),
                             polkit(evidence),
                             cgroup(evidence),
                             hidepid(evidence),
                             journal(evidence),
                             clock(evidence),
                             needrestart(evidence)}};
    if (!evidence.refused) {
        host.checks.insert(host.checks.begin() + 1, collectors(evidence));
    }
    if (auto none = runners(evidence)) {
        host.checks.push_back(*std::move(none));
    }
    return host;
}

}  // namespace paws::pawsctl
