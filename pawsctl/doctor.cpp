#include "core/runner_unit.h"
#include "core/text.h"
#include "pawsctl/diagnose_host.h"
#include "pawsctl/diagnose_logs.h"
#include "pawsctl/diagnose_runner.h"
#include "pawsctl/display.h"
#include "pawsctl/dot_env.h"
#include "pawsctl/fields.h"
#include "pawsctl/verbs.h"
#include "platform/beneath.h"
#include "platform/systemd_bus.h"

#include <array>
#include <cerrno>
#include <string>

#include <boost/json/serialize.hpp>
#include <unistd.h>

namespace paws::pawsctl {

namespace {

using platform::Beneath;
using platform::RootFs;

constexpr std::size_t most_runners = 256;
constexpr std::size_t small_file = std::size_t{256} << 10U;
constexpr std::array<std::string_view, 7> properties{
    "UnitFileState", "WorkingDirectory", "OOMPolicy", "Restart", "KillMode", "User", "Group"};

std::string text_of(const RootFs& host, const std::string& file) {
    const auto text = host.read(file, small_file);
    return text ? *text : "";
}

std::string needrestart_rules(const RootFs& host) {
    std::string rules = text_of(host, "etc/needrestart/needrestart.conf");
    if (const auto names = host.list("etc/needrestart/conf.d", 100)) {
        for (const auto& name : *names) {
            rules += text_of(host, "etc/needrestart/conf.d/" + name);
        }
    }
    return rules;
}

// What may not be looked for is taken to be there: whether it works says the agent.
bool seems_there(const char* path) {
    return ::access(path, F_OK) == 0 || errno == EACCES;
}

void look_at_polkit(Result<platform::SystemdBus>& bus, HostEvidence& evidence) {
    static constexpr std::array<std::string_view, 2> states{"LoadState", "ActiveState"};
    if (const auto shown = bus ? bus->show("polkit.service", states) : bus.error()) {
        evidence.polkit_load = shown->at("LoadState");
        evidence.polkit_active = shown->at("ActiveState");
    }
}

HostEvidence look_at_host(const Call& call, const RootFs& host) {
    HostEvidence evidence{
        .socket = call.address.socket,
        .mounts = text_of(host, "proc/mounts"),
        .groups = text_of(host, "etc/group"),
        .users = text_of(host, "etc/passwd"),
        .journal_storage = journal_storage(host),
        .journal_directory = ::access("/var/log/journal", F_OK) == 0,
        .polkit = seems_there("/usr/lib/polkit-1/polkitd"),
        .polkit_rule = seems_there("/usr/share/polkit-1/rules.d/50-paws-agent.rules"),
        .needrestart = ::access("/etc/needrestart", F_OK) == 0,
        .needrestart_rules = needrestart_rules(host)};
    const auto asked = ask(call.address, "status");
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        evidence.refused = *failure;
    } else {
        evidence.status = std::get<Answer>(asked).result;
    }
    return evidence;
}

// `bin` and `externals` are directories, or symlinks to one beside them after the first update.
std::string real_name(const Beneath& root, const std::string& name) {
    const auto link = root.read_link(name);
    return link ? link->substr(link->rfind('/') + 1) : name;
}

bool is_program(const Beneath& root, const std::string& path) {
    const auto slash = path.find('/');
    const auto status = root.status(real_name(root, path.substr(0, slash)) + path.substr(slash));
    return status && status->kind == platform::FileKind::regular && status->size_bytes > 0;
}

void look_at_programs(const Beneath& root, RootEvidence& evidence) {
    if (const auto service = root.status("runsvc.sh")) {
        evidence.service_bytes = service->size_bytes;
        evidence.service_runs = (service->mode & 0111U) != 0;
    }
    const auto text = root.read("runsvc.sh", small_file);
    evidence.service_text = text ? *text : "";
    evidence.programs["bin/Runner.Listener"] = is_program(root, "bin/Runner.Listener");
    if (const auto node = node_of(evidence.service_text); !node.empty()) {
        evidence.programs[node] = is_program(root, node);
    }
}

void look_at_environment(const Beneath& root, RootEvidence& evidence) {
    const auto text = root.read(".env", small_file);
    if (!text && text.error().code != Errc::absent) {
        return;
    }
    evidence.environment = text ? *text : "";
    for (const auto& event : hook_events) {
        if (const auto script = env_value(*evidence.environment, event.setting)) {
            evidence.hooks[*script] = ::access(script->c_str(), F_OK) == 0;
        }
    }
}

RootEvidence look_at_root(const RootFs& host, const std::string& path) {
    RootEvidence evidence{.path = path};
    if (path.empty()) {
        evidence.error = Error{Errc::absent, "its directory is not known"};
        return evidence;
    }
    const auto root = Beneath::open(host, path);
    const auto inside = root ? root->status("bin") : Result<platform::FileStatus>{root.error()};
    if (!inside) {
        evidence.error = inside.error();
        return evidence;
    }
    look_at_programs(*root, evidence);
    look_at_environment(*root, evidence);
    if (const auto space = root->space()) {
        evidence.space = *space;
    }
    return evidence;
}

// Those that the agent knows; where it does not answer, those that systemd knows.
std::vector<RunnerEvidence> runners_of(const HostEvidence& host,
                                       Result<platform::SystemdBus>& bus) {
    std::vector<RunnerEvidence> runners;
    for (const auto* runner : objects(host.status, "runners")) {
        runners.push_back({.name = text(*runner, "name"), .unit = text(*runner, "unit")});
    }
    if (!host.refused || !bus) {
        return runners;
    }
    const std::array<std::string, 1> patterns{runner_unit("*")};
    const auto files = bus->unit_files(patterns);
    if (files) {
        for (const auto& file : *files) {
            runners.push_back({.name = runner_name(file.name), .unit = file.name});
        }
    }
    return runners;
}

void look_at_runner(const Call& call,
                    const RootFs& host,
                    Result<platform::SystemdBus>& bus,
                    RunnerEvidence& evidence) {
    auto asked = ask(call.address, "runner", {{"name", evidence.name}});
    if (auto* answer = std::get_if<Answer>(&asked)) {
        evidence.runner = std::move(answer->result);
    }
    if (bus && !evidence.unit.empty()) {
        if (const auto shown = bus->show(evidence.unit, properties)) {
            evidence.service = *shown;
        }
    }
    auto path = text(evidence.runner, "root");
    if (const auto directory = evidence.service.find("WorkingDirectory");
        path.empty() && directory != evidence.service.end()) {
        path = directory->second;
    }
    evidence.root = look_at_root(host, path);
}

int diagnose(const Call& call) {
    const auto host = RootFs::open("/");
    if (!host) {
        complain(host.error().what);
        return exit_code(Verdict::unknown);
    }
    auto bus = platform::SystemdBus::connect("");
    auto evidence = look_at_host(call, *host);
    look_at_polkit(bus, evidence);
    Diagnosis diagnosis{diagnose_host(evidence)};
    const auto asked = ask(call.address, "logs");
    const auto* answer = std::get_if<Answer>(&asked);
    if (auto logs = diagnose_logs(answer == nullptr ? boost::json::object{} : answer->result)) {
        diagnosis.push_back(std::move(*logs));
    }
    auto runners = runners_of(evidence, bus);
    runners.resize(std::min(runners.size(), most_runners));
    for (auto& runner : runners) {
        runner.groups = evidence.groups;
        look_at_runner(call, *host, bus, runner);
        diagnosis.push_back(diagnose_runner(runner));
    }
    if (call.json) {
        print_json(boost::json::serialize(diagnosis_json(diagnosis)));
    } else {
        print_lines(render_diagnosis(diagnosis, screen_of_output()));
    }
    return exit_code(verdict(diagnosis));
}

}  // namespace

void add_doctor(CommandLine& line) {
    auto& verb = CommandLine::verb(
        line.app(), "doctor", "What this host and its runners lack, and what mends it");
    line.takes_address(verb);
    line.takes_json(verb);
    verb.footer(examples({"sudo pawsctl doctor",
                          "pawsctl doctor --json | jq -r '.checks[] | select(.fix).fix'"}) +
                "\n\nLooks with the rights of who asks; what they do not reach is unknown.\n"
                "Exit: 0 all well, 1 degraded, 2 failed, 3 unknown");
    line.does(verb, diagnose);
}

}  // namespace paws::pawsctl
