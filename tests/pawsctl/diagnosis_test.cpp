#include "pawsctl/diagnosis.h"

#include "pawsctl/diagnose_host.h"
#include "pawsctl/diagnose_runner.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/width.h"
#include "tests/pawsctl/golden_screen.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::pawsctl;

namespace {

constexpr const char* cgroup2 = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\nproc /proc proc rw 0 0\n";

HostEvidence good_host() {
    return {.status = boost::json::parse(R"({"agent":{"version":"0.1.0","collectors":[
                {"name":"journal","success":true,"error":null},
                {"name":"cpu","success":true,"error":null}]},
                "host":{"clock":{"synchronised":true}},
                "runners":[{"name":"acme-widgets.build-01"}]})")
                          .as_object(),
            .socket = "/run/paws-agent/control.sock",
            .mounts = cgroup2,
            .groups = "systemd-journal:x:101:other,paws-agent\n",
            .users = "root:x:0:0::/root:/bin/sh\npaws-agent:x:998:998::/:/usr/sbin/nologin\n",
            .journal_directory = true,
            .polkit = true,
            .polkit_rule = true,
            .polkit_load = "loaded",
            .polkit_active = "inactive"};
}

RunnerEvidence good_runner() {
    const std::string env =
        "ACTIONS_RUNNER_HOOK_JOB_STARTED=/usr/libexec/paws-agent/job-started.sh\n"
        "ACTIONS_RUNNER_HOOK_JOB_COMPLETED=/usr/libexec/paws-agent/job-completed.sh\n";
    return {
        .name = "acme-widgets.build-01",
        .unit = "actions.runner.acme-widgets.build-01.service",
        .runner = boost::json::parse(R"({"version":"2.336.0","time":"2026-11-23T15:00:00Z",
                "trace":{"error":null,"age_seconds":1},
                "files":{"version_built":"2026-11-13T15:00:00Z",
                         "settings":{"disable_update":false}}})")
                      .as_object(),
        .service = {{"UnitFileState", "enabled"},
                    {"OOMPolicy", "continue"},
                    {"Restart", "no"},
                    {"KillMode", "process"}},
        .root = {.path = "/opt/runner",
                 .service_bytes = 500,
                 .service_runs = true,
                 .programs = {{"bin/Runner.Listener", true}, {"externals/node20/bin/node", true}},
                 .environment = env,
                 .hooks = {{"/usr/libexec/paws-agent/job-started.sh", true},
                           {"/usr/libexec/paws-agent/job-completed.sh", true}},
                 .space = FilesystemUsage{.avail_bytes = 2'000'000'000}}};
}

const Check& check(const Examined& examined, const std::string& name) {
    const auto found = std::ranges::find(examined.checks, name, &Check::name);
    REQUIRE(found != examined.checks.end());
    return *found;
}

Check host_check(const HostEvidence& evidence, const std::string& name) {
    return check(diagnose_host(evidence), name);
}

Check runner_check(const RunnerEvidence& evidence, const std::string& name) {
    return check(diagnose_runner(evidence), name);
}

}  // namespace

TEST_CASE("diagnosis: a host and a runner that lack nothing are well") {
    const Diagnosis diagnosis{diagnose_host(good_host()), diagnose_runner(good_runner())};
    for (const auto& examined : diagnosis) {
        for (const auto& each : examined.checks) {
            CAPTURE(each.name);
            CHECK(each.verdict.value_or(Verdict::well) == Verdict::well);
            CHECK(each.fix.empty());
        }
    }
    CHECK(verdict(diagnosis) == Verdict::well);
}

TEST_CASE("diagnosis: the agent that is away is a failure, one that refuses is unknown") {
    auto evidence = good_host();
    evidence.refused = Failure{exit_unreachable, "the agent is not running", {}};
    CHECK(host_check(evidence, "agent").verdict == Verdict::failed);
    evidence.refused = Failure{exit_refused, "join the group", {}};
    CHECK(host_check(evidence, "agent").verdict == Verdict::unknown);
}

TEST_CASE("diagnosis: what hides the host from the agent is told with what mends it") {
    auto evidence = good_host();
    evidence.mounts = "tmpfs /sys/fs/cgroup tmpfs ro 0 0\nproc /proc proc rw,hidepid=2 0 0\n";
    CHECK(host_check(evidence, "cgroup v2").verdict == Verdict::degraded);
    const auto hidden = host_check(evidence, "processes");
    CHECK(hidden.verdict == Verdict::degraded);
    CHECK(hidden.fix.find("hidepid=0") != std::string::npos);
    evidence.mounts = "proc /proc proc rw,hidepid=off 0 0\n";
    CHECK(host_check(evidence, "processes").verdict == Verdict::well);
    evidence.groups = "systemd-journal:x:101:other\n";
    CHECK(host_check(evidence, "user").verdict == Verdict::degraded);
    evidence.users = "";
    CHECK(host_check(evidence, "user").what.find("no user") == 0);
    evidence.needrestart = true;
    CHECK(host_check(evidence, "needrestart").verdict == Verdict::degraded);
    evidence.needrestart_rules = "$nrconf{override_rc}{qr(^actions\\.runner\\.)} = 0;";
    CHECK(host_check(evidence, "needrestart").verdict == Verdict::well);
}

TEST_CASE(
    "diagnosis: polkit that cannot be asked is told with what mends it, one that sleeps is not") {
    auto evidence = good_host();
    CHECK(host_check(evidence, "polkit").verdict == Verdict::well);
    evidence.polkit_rule = false;
    CHECK(host_check(evidence, "polkit").fix == "install paws-runner-agent again");
    evidence.polkit_active = "failed";
    CHECK(host_check(evidence, "polkit").what.find("has failed") == 0);
    CHECK(host_check(evidence, "polkit").fix.find("systemctl restart polkit") == 0);
    evidence.polkit_load = "masked";
    CHECK(host_check(evidence, "polkit").what.find("is masked") == 0);
    CHECK(host_check(evidence, "polkit").fix == "systemctl unmask polkit");
    evidence.polkit = false;
    CHECK(host_check(evidence, "polkit").fix == "apt install polkitd || dnf install polkit");
    CHECK(host_check(evidence, "polkit").verdict == Verdict::degraded);
}

TEST_CASE("diagnosis: a host without runners is well and told how it comes by one") {
    auto evidence = good_host();
    CHECK(diagnose_host(evidence).checks.back().name != "runners");
    evidence.status["runners"] = boost::json::array{};
    const auto none = host_check(evidence, "runners");
    CHECK(none.verdict == std::nullopt);
    CHECK(none.what.find("sudo ./svc.sh install && sudo ./svc.sh start") != std::string::npos);
    evidence.status = {};
    evidence.refused = Failure{exit_unreachable, "the agent is not running", {}};
    CHECK(diagnose_host(evidence).checks.back().name != "runners");
}

TEST_CASE("diagnosis: a journal that is not kept is told with its setting and what mends it") {
    auto evidence = good_host();
    evidence.journal_directory = false;
    CHECK(host_check(evidence, "journal").verdict == Verdict::degraded);
    CHECK(host_check(evidence, "journal").fix.find("mkdir -p /var/log/journal") == 0);
    evidence.journal_directory = true;  // of earlier times
    evidence.journal_storage = {.word = "volatile", .file = "/etc/systemd/journald.conf"};
    const auto lost = host_check(evidence, "journal");
    CHECK(lost.verdict == Verdict::degraded);
    CHECK(lost.what.find("Storage=volatile in /etc/systemd/journald.conf") != std::string::npos);
    CHECK(lost.fix.find("Storage=persistent") != std::string::npos);
    evidence.journal_storage.word = "none";
    CHECK(host_check(evidence, "journal").verdict == Verdict::failed);
    CHECK(host_check(evidence, "journal").fix == lost.fix);
    evidence.journal_storage.word = "persistent";
    CHECK(host_check(evidence, "journal").verdict == Verdict::well);
}

TEST_CASE("journal_storage: the last drop-in rules, and of one name the one in /etc") {
    const TemporaryDirectory root;
    const auto host = platform::RootFs::open(root.path());
    REQUIRE(host);
    CHECK(journal_storage(*host).word == "auto");
    const auto write = [&](const std::string& file, const std::string& text) {
        std::filesystem::create_directories((root.path() / file).parent_path());
        std::ofstream{root.path() / file} << text;
    };
    write("etc/systemd/journald.conf", "[Journal]\n#Storage=none\nStorage = volatile\n");
    CHECK(journal_storage(*host).word == "volatile");
    write("usr/lib/systemd/journald.conf.d/b.conf", "[Journal]\nStorage=none\n");
    write("etc/systemd/journald.conf.d/a.conf", "[Journal]\nStorage=persistent\n");
    CHECK(journal_storage(*host).word == "none");
    CHECK(journal_storage(*host).file == "/usr/lib/systemd/journald.conf.d/b.conf");
    write("etc/systemd/journald.conf.d/b.conf", "[Journal]\n");
    write("etc/systemd/journald.conf.d/c.old", "[Journal]\nStorage=volatile\n");
    CHECK(journal_storage(*host).word == "persistent");
}

TEST_CASE("diagnosis: an agent that cannot read the journal says so in its own words") {
    auto evidence = good_host();
    auto& journal = evidence.status["agent"].at("collectors").as_array().front().as_object();
    journal["success"] = false;
    journal["error"] = "the journal is not readable";
    const auto told = host_check(evidence, "journal");
    CHECK(told.verdict == Verdict::failed);
    CHECK(told.what == "the journal is not readable");
}

TEST_CASE("diagnosis: what would keep a runner from coming up again is a failure") {
    auto evidence = good_runner();
    evidence.root.service_bytes = 0;
    CHECK(runner_check(evidence, "runsvc.sh").verdict == Verdict::failed);
    evidence = good_runner();
    evidence.root.service_runs = false;
    CHECK(runner_check(evidence, "runsvc.sh").verdict == Verdict::failed);
    evidence = good_runner();
    evidence.root.programs["externals/node20/bin/node"] = false;
    const Diagnosis diagnosis{diagnose_runner(evidence)};
    CHECK(verdict(diagnosis) == Verdict::failed);
    evidence = good_runner();
    evidence.root.space->avail_bytes = 999'999'999;
    CHECK(runner_check(evidence, "disk").verdict == Verdict::failed);
}

TEST_CASE("diagnosis: a hook that is not there fails every job, no hooks are a pity") {
    auto evidence = good_runner();
    evidence.root.environment = "ACTIONS_RUNNER_HOOK_JOB_COMPLETED=/opt/gone.sh\n";
    evidence.root.hooks = {{"/opt/gone.sh", false}};
    const auto gone = runner_check(evidence, "hooks");
    CHECK(gone.verdict == Verdict::failed);
    CHECK(gone.what.find("/opt/gone.sh") != std::string::npos);
    evidence.root.environment = "";
    const auto none = runner_check(evidence, "hooks");
    CHECK(none.verdict == Verdict::degraded);
    CHECK(none.fix == "sudo pawsctl runners hook install acme-widgets.build-01");
}

TEST_CASE("diagnosis: what this user may not see is unknown, never well") {
    auto evidence = good_runner();
    evidence.root.error = Error{Errc::denied, "/home/ci/runner: permission denied"};
    evidence.runner = {};
    evidence.service = {{"LoadState", "loaded"}};
    const auto runner = diagnose_runner(evidence);
    for (const auto* name : {"unit", "directory", "_diag", "version"}) {
        CAPTURE(name);
        CHECK(check(runner, name).verdict == Verdict::unknown);
    }
    evidence.root.error = Error{Errc::absent, "/home/ci/runner/bin: is not there"};
    CHECK(runner_check(evidence, "directory").verdict == Verdict::failed);
}

TEST_CASE("diagnosis: traces that no action could open lead to the action's journal") {
    auto evidence = good_runner();
    evidence.runner["trace"] = {{"error", "/home/ci/runner: Permission denied"}};
    CHECK(runner_check(evidence, "_diag").fix.starts_with("setfacl -m u:paws-agent:rx "));
    evidence.runner["files"] = {
        {"error", "/home/ci/runner: closed; not opened by its action: Access denied"}};
    CHECK(runner_check(evidence, "_diag").fix ==
          "journalctl -u 'paws-open@acme-widgets.build-01.service'");
}

TEST_CASE("diagnosis: no access list opens traces that are a link") {
    auto evidence = good_runner();
    evidence.runner["trace"] = {
        {"error", "/home/ci/runner/_diag: is or passes through a symlink; not followed"}};
    CHECK(runner_check(evidence, "_diag").fix == "ls -l " + evidence.root.path + "/_diag");
}

TEST_CASE("diagnosis: settings of the unit that are worth a drop-in come with it") {
    auto evidence = good_runner();
    evidence.service["OOMPolicy"] = "stop";
    evidence.service["UnitFileState"] = "disabled";
    const auto policy = runner_check(evidence, "OOMPolicy");
    CHECK(policy.verdict == Verdict::degraded);
    CHECK(policy.fix.find("printf '[Service]\\nOOMPolicy=continue\\n' >/etc/systemd/system/"
                          "actions.runner.acme-widgets.build-01.service.d/oom.conf") !=
          std::string::npos);
    CHECK(runner_check(evidence, "unit").fix ==
          "systemctl enable actions.runner.acme-widgets.build-01.service");
}

TEST_CASE("diagnosis: a pinned runner is degraded when its build is 30 days old") {
    auto evidence = good_runner();
    auto& files = evidence.runner["files"].as_object();
    files["settings"].as_object()["disable_update"] = true;
    CHECK(runner_check(evidence, "version").verdict == Verdict::well);
    files["version_built"] = "2026-10-20T15:00:00Z";
    CHECK(runner_check(evidence, "version").verdict == Verdict::degraded);
}

TEST_CASE("diagnosis: the node that a runner's script starts") {
    CHECK(node_of("x\n./externals/node24/bin/node ./bin/RunnerService.js &\n") ==
          "externals/node24/bin/node");
    CHECK(node_of("./externals/../../../bin/node").empty());
    CHECK(node_of("./externals/$(x)/bin/node").empty());
    CHECK(node_of("./externals/a b/bin/node").empty());
    CHECK(node_of("./externals/" + std::string(1000, 'x')).empty());
    CHECK(node_of("").empty());
}

TEST_CASE("diagnosis: a runner whose jobs could become operators is told of, by group or by unit") {
    auto evidence = good_runner();
    evidence.service["User"] = "build";
    evidence.groups = "build:x:1000:alice\npaws-agent:x:998:alice,bob\n";
    CHECK(std::ranges::count(diagnose_runner(evidence).checks, "user", &Check::name) == 0);
    evidence.groups = "paws-agent:x:998:alice,build\n";
    CHECK(runner_check(evidence, "user").verdict == Verdict::degraded);
    CHECK(runner_check(evidence, "user").fix.starts_with("gpasswd -d build paws-agent"));
    evidence.groups.clear();
    evidence.service["Group"] = "paws-agent";
    CHECK(runner_check(evidence, "user").fix.starts_with("systemctl edit"));
}

TEST_CASE(
    "diagnosis: its screen fits but for commands, its JSON holds the same, and a worse thing "
    "counts more") {
    auto evidence = good_runner();
    evidence.service["OOMPolicy"] = "stop";
    evidence.root.environment = std::nullopt;
    auto host = good_host();
    host.mounts = "";
    const Diagnosis diagnosis{diagnose_host(host), diagnose_runner(evidence)};
    CHECK(verdict(diagnosis) == Verdict::unknown);
    tests::check_screen("doctor", render_diagnosis(diagnosis, {80, {}, false, true}));
    for (std::size_t columns = 1; columns < 120; ++columns) {
        for (const auto& line : render_diagnosis(diagnosis, {columns, {}, false, false})) {
            const bool fits = columns_of(line) <= columns || line.starts_with("  > ");
            CHECK(fits);
        }
    }
    const auto json = diagnosis_json(diagnosis);
    CHECK(json.at("version") == 1);
    CHECK(json.at("verdict") == "unknown");
    CHECK(json.at("checks").as_array().size() ==
          diagnosis[0].checks.size() + diagnosis[1].checks.size());
}
