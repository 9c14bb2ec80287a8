#include "collectors/units_properties.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

// systemctl show --timestamp=unix of a running runner, shortened.
constexpr std::string_view running = R"(Type=simple
NRestarts=2
ExecMainPID=1200
ExecMainCode=0
ExecMainStatus=0
MainPID=1200
Result=success
User=build
WorkingDirectory=/opt/actions-runner
ControlGroup=/system.slice/actions.runner.acme-widgets.build-01.service
ExecStart={ path=/opt/actions-runner/runsvc.sh ; argv[]=/opt/actions-runner/runsvc.sh ; pid=0 }
Id=actions.runner.acme-widgets.build-01.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
NeedDaemonReload=yes
InvocationID=0123456789abcdef0123456789abcdef
ActiveEnterTimestamp=@1768204800
InactiveEnterTimestamp=@1768204795
StateChangeTimestamp=@1768204800
)";

Unit unit_of(std::string_view text) {
    return to_unit(parse_unit_properties(text).value());
}

}  // namespace

TEST_CASE("to_unit: everything that systemctl show says of a running unit is read") {
    const auto unit = unit_of(running);
    CHECK(unit.load_state == "loaded");
    CHECK(unit.active_state == "active");
    CHECK(unit.sub_state == "running");
    CHECK(unit.unit_file_state == "enabled");
    CHECK(unit.result == "success");
    CHECK(unit.user == "build");
    CHECK(unit.working_directory == "/opt/actions-runner");
    CHECK(unit.control_group == "/system.slice/actions.runner.acme-widgets.build-01.service");
    CHECK(unit.invocation_id == "0123456789abcdef0123456789abcdef");
    CHECK(unit.main_pid == 1200);
    CHECK(unit.exec_main_pid == 1200);
    CHECK(unit.restarts == 2);
    CHECK(unit.needs_daemon_reload);
    CHECK(unit.active_enter == WallTime{1768204800s});
    CHECK(unit.inactive_enter == WallTime{1768204795s});
    CHECK(unit.state_change == WallTime{1768204800s});
}

TEST_CASE("to_unit: a network namespace of its own, private or given, is told") {
    CHECK_FALSE(unit_of(running).own_network);
    CHECK_FALSE(unit_of("PrivateNetwork=no\nNetworkNamespacePath=\n").own_network);
    CHECK(unit_of("PrivateNetwork=yes\n").own_network);
    CHECK(unit_of("NetworkNamespacePath=/run/netns/runners\n").own_network);
}

TEST_CASE("to_unit: timestamps come as microseconds too, and zero is never") {
    CHECK(unit_of("ActiveEnterTimestamp=1768204800123456").active_enter ==
          WallTime{1768204800123456us});
    CHECK_FALSE(unit_of("ActiveEnterTimestamp=0").active_enter);
    CHECK_FALSE(unit_of("ActiveEnterTimestamp=").active_enter);
    CHECK_FALSE(unit_of("ActiveEnterTimestamp=n/a").active_enter);
    CHECK_FALSE(unit_of("ActiveEnterTimestamp=Mon 2026-01-12 08:00:00 UTC").active_enter);
    CHECK_FALSE(unit_of("ActiveEnterTimestamp=@99999999999999").active_enter);
    CHECK_FALSE(unit_of("ActiveEnterTimestamp=18446744073709551615").active_enter);
    CHECK_FALSE(unit_of("ActiveEnterTimestamp=-5").active_enter);
}

TEST_CASE("to_unit: what is missing or no number keeps its default") {
    const auto unit = unit_of("MainPID=[not set]\nNRestarts=-1\nExecMainStatus=99999999999\nX=y");
    CHECK(unit.main_pid == 0);
    CHECK(unit.restarts == 0);
    CHECK(unit.exec_main_status == 0);
    CHECK(unit.active_state.empty());
    CHECK_FALSE(unit.needs_daemon_reload);
}

TEST_CASE("parse_unit_properties: text without a KEY=VALUE line is malformed") {
    for (const std::string_view text : {"", "\n\n\n", "no properties here", "=value", "\xFF\xFE"}) {
        const auto properties = parse_unit_properties(text);
        REQUIRE_FALSE(properties);
        CHECK(properties.error().code == Errc::malformed);
    }
}

TEST_CASE("parse_unit_properties: the first of two equal keys counts, values keep their equals") {
    const auto properties = parse_unit_properties("A=1\nA=2\nEnvironment=B=C D=E\nshort\nEmpty=\n");
    REQUIRE(properties);
    CHECK(properties->at("A") == "1");
    CHECK(properties->at("Environment") == "B=C D=E");
    CHECK(properties->at("Empty").empty());
    CHECK(properties->size() == 3);
}

TEST_CASE("parse_unit_properties: a huge and a garbled text are read without harm") {
    const std::string huge = "Description=" + std::string(1U << 20U, 'x') + "\nMainPID=7\n";
    CHECK(unit_of(huge).main_pid == 7);
    CHECK(unit_of("\xC3\x28=\xFF\nMainPID=8").main_pid == 8);
}

TEST_CASE("runner_root: the working directory, else the directory of runsvc.sh, else nothing") {
    const auto root = [](std::string_view text) {
        return runner_root(parse_unit_properties(text).value());
    };
    CHECK(root(running) == "/opt/actions-runner");
    CHECK(root("WorkingDirectory=!/srv/runner") == "/srv/runner");
    CHECK(root("WorkingDirectory=\nExecStart={ path=/a b/runsvc.sh ; argv[]=x }") == "/a b");
    CHECK(root("WorkingDirectory=/\nExecStart={ path=/r/runsvc.sh ; argv[]=x }") == "/r");
    CHECK(root("WorkingDirectory=~\nExecStart={ path=/usr/bin/node ; argv[]=x }").empty());
    CHECK(root("ExecStart={ path=runsvc.sh ; }").empty());
    CHECK(root("ExecStart=garbage").empty());
}

TEST_CASE("runner_name: a runner is called as its unit without prefix and suffix") {
    CHECK(runner_name("actions.runner.acme-widgets.build-01.service") == "acme-widgets.build-01");
    CHECK(runner_name("actions.runner.acme.a.service.service") == "acme.a.service");
    CHECK(runner_name("github-runner.service") == "github-runner.service");
    CHECK(is_runner_unit("actions.runner.x.service"));
    CHECK_FALSE(is_runner_unit("actions.runner..service"));
    CHECK_FALSE(is_runner_unit("actions.runner.x.socket"));
}
