#include "collectors/units.h"

#include "collectors/units_files.h"
#include "tests/support/temporary_directory.h"

#include <fstream>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const Now now{.wall = WallTime{1'700'000'000s}, .boot = BootTime{100s}};

constexpr std::string_view unit_file = R"([Unit]
Description=GitHub Actions Runner (acme-widgets.build-01)

[Service]
# WorkingDirectory=/wrong
ExecStart=/opt/runner 1/runsvc.sh
User=build
WorkingDirectory = /opt/runner
KillMode=process
)";

// A root below which no bus answers, so that only files tell of runners.
class HostRoot {
public:
    HostRoot() { fs::create_directories(path() / "etc/systemd/system"); }

    fs::path path() const { return directory_.path(); }
    void add_unit(const std::string& name, std::string_view text) const {
        std::ofstream{path() / "etc/systemd/system" / name} << text;
    }
    Options options() const { return {.root = platform::RootFs::open(path()).value()}; }

private:
    TemporaryDirectory directory_;
};

Facts collected(UnitsCollector& units, Facts facts = {}) {
    const auto fill = units.collect(facts, now);
    REQUIRE(fill);
    (*fill)(facts);
    return facts;
}

}  // namespace

TEST_CASE(
    "units: without systemd the installed unit files and the listed runners are the runners") {
    const HostRoot host;
    host.add_unit("actions.runner.acme-widgets.build-01.service", unit_file);
    host.add_unit("ssh.service", unit_file);
    fs::create_symlink("/dev/null",
                       host.path() / "etc/systemd/system/actions.runner.acme.masked.service");
    auto options = host.options();
    options.static_runners = {{.name = "container", .root = "/home/runner", .unit = ""}};
    UnitsCollector units{options};
    const auto facts = collected(units);
    REQUIRE(facts.runners.size() == 3);
    CHECK(facts.runners[0].name == "acme-widgets.build-01");
    CHECK(facts.runners[0].unit == "actions.runner.acme-widgets.build-01.service");
    CHECK(facts.runners[0].root == "/opt/runner");
    CHECK(facts.runners[0].managed);
    CHECK_FALSE(facts.runners[0].unit_state.value);
    CHECK(facts.runners[1].name == "acme.masked");
    CHECK(facts.runners[1].root.empty());
    CHECK(facts.runners[2].name == "container");
    CHECK_FALSE(facts.runners[2].managed);
    CHECK_FALSE(units.shortfall());  // a host without systemd lacks nothing
    CHECK(units.fd() == -1);
}

TEST_CASE(
    "units: where systemd runs and its bus does not answer, the runners stay and it is said") {
    const HostRoot host;
    fs::create_directories(host.path() / "run/systemd/system");
    host.add_unit("actions.runner.acme.a.service", unit_file);
    auto options = host.options();
    options.static_runners = {{.name = "b", .root = "/b", .unit = "b.service"}};
    UnitsCollector units{options};
    const auto facts = collected(units);
    CHECK(facts.runners.size() == 2);
    CHECK(facts.runners[1].managed);
    REQUIRE(units.shortfall());
    CHECK(units.shortfall()->code == Errc::unavailable);
    CHECK(units.shortfall()->what.find("systemctl status dbus") != std::string::npos);
}

TEST_CASE("units: a state known from before keeps its age while the bus is away") {
    const HostRoot host;
    host.add_unit("actions.runner.acme.a.service", unit_file);
    UnitsCollector units{host.options()};
    auto facts = collected(units);
    facts.runners[0].unit_state = {.value = Unit{.active_state = "active"},
                                   .taken = {.wall = now.wall, .boot = BootTime{50s}}};
    facts = collected(units, std::move(facts));
    CHECK(facts.runners[0].unit_state.value->active_state == "active");
    CHECK(facts.runners[0].unit_state.taken.boot == BootTime{50s});
}

TEST_CASE("units: with discovery off only listed runners count, and nothing needs a bus") {
    const HostRoot host;
    fs::create_directories(host.path() / "run/systemd/system");
    host.add_unit("actions.runner.acme.a.service", unit_file);
    auto options = host.options();
    options.discover_runners = false;
    options.static_runners = {{.name = "b", .root = "/b", .unit = ""}};
    UnitsCollector units{options};
    const auto facts = collected(units);
    REQUIRE(facts.runners.size() == 1);
    CHECK(facts.runners[0].name == "b");
    CHECK_FALSE(facts.runners[0].managed);
    CHECK_FALSE(units.shortfall());
}

TEST_CASE("units: of more runners than the limit the first are watched, and it is said") {
    const HostRoot host;
    for (std::size_t number = 0; number <= runner_limit; ++number) {
        host.add_unit("actions.runner.acme.r" + std::to_string(1000 + number) + ".service", "");
    }
    UnitsCollector units{host.options()};
    const auto facts = collected(units);
    CHECK(facts.runners.size() == runner_limit);
    CHECK(facts.runners.back().name == "acme.r1255");
    REQUIRE(units.shortfall());
    CHECK(units.shortfall()->what.starts_with("257 runners"));
}

TEST_CASE("parse_unit_file: prefixes of paths and commands are no part of them") {
    const auto root = [](std::string_view text) { return runner_root(parse_unit_file(text)); };
    CHECK(root(unit_file) == "/opt/runner");
    CHECK(root("WorkingDirectory=-/srv/r") == "/srv/r");
    CHECK(root("ExecStart=@-/srv/r/runsvc.sh runsvc --flag") == "/srv/r");
    CHECK(root("ExecStart=").empty());
    CHECK(root("").empty());
    CHECK(root("=\n=x\n;a=b\n\xFF\xFE").empty());
    CHECK(root(std::string(1U << 20U, '=')).empty());
}
