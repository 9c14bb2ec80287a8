#include "tests/agent/daemon.h"

#include "tests/support/eventually.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace paws;
using namespace paws::agent;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

unsigned mode_of(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 07777U : 0;
}

}  // namespace

TEST_CASE("daemon: says READY when it has looked twice, and stops cleanly on SIGTERM") {
    Daemon daemon;
    const auto first = daemon.manager.next();
    REQUIRE(first);
    CHECK(has(*first, "WATCHDOG=1\nSTATUS="));
    CHECK(has(*first, " runner"));
    const auto second = daemon.manager.next();
    REQUIRE(second);
    CHECK(has(*second, "READY=1\n"));
    CHECK(has(daemon.ask("status"), R"("ok":true)"));
    CHECK(mode_of(daemon.path("state")) == 0750);
    CHECK(mode_of(daemon.path("run")) == 0755);
    CHECK(mode_of(daemon.path("run/control.sock")) == 0666);

    daemon.signal(SIGTERM);
    CHECK(has(daemon.manager.next_with("STOPPING").value_or(""), "STOPPING=1"));
    CHECK(daemon.exit_code() == 0);
    CHECK_FALSE(std::filesystem::exists(daemon.path("run/control.sock")));
    CHECK(has(daemon.log(), "stopping because=SIGTERM"));
}

TEST_CASE("daemon: answers root while strangers hold every conversation they can get" *
          doctest::test_suite("root") * doctest::skip(::getuid() != 0)) {
    Daemon daemon;
    REQUIRE(daemon.manager.next_with("READY=1"));
    std::filesystem::permissions(daemon.path(""), std::filesystem::perms{0755});
    std::vector<platform::UniqueFd> held;
    for (uid_t user = 100'000; user < 100'005; ++user) {
        REQUIRE(::seteuid(user) == 0);
        for (int conversation = 0; conversation < 8; ++conversation) {
            held.push_back(daemon.connect("run/control.sock"));
            CHECK(held.back());
        }
        REQUIRE(::seteuid(0) == 0);
    }
    CHECK(has(daemon.ask("status"), R"("ok":true)"));
}

TEST_CASE("daemon: who may hand nothing over is in the log, and however often he tries, once" *
          doctest::test_suite("root") * doctest::skip(::geteuid() != 0)) {
    Daemon daemon;
    REQUIRE(daemon.manager.next_with("READY=1"));
    std::filesystem::permissions(daemon.path(""), std::filesystem::perms{0755});
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    daemon.path("run/handover.sock").copy(static_cast<char*>(address.sun_path), 100);
    REQUIRE(::seteuid(100'000) == 0);
    for (int attempt = 0; attempt < 5; ++attempt) {
        const platform::UniqueFd socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how connect(2) is called
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        CHECK(::connect(socket.get(), generic, sizeof address) == 0);
        std::array<char, 8> answer{};
        CHECK(::recv(socket.get(), answer.data(), answer.size(), 0) <= 0);  // it hangs up
    }
    REQUIRE(::seteuid(0) == 0);
    const std::string said = "handover refused why=\"uid 100000 is not root\"";
    CHECK(eventually([&] { return has(daemon.log(), said); }));
    CHECK(daemon.log().find(said) == daemon.log().rfind(said));
}

TEST_CASE("daemon: serves its metrics and its status over HTTP") {
    Daemon daemon;
    REQUIRE(daemon.manager.next_with("READY=1"));
    const auto metrics = daemon.get("/metrics");
    CHECK(metrics.starts_with("HTTP/1.1 200"));
    CHECK(has(metrics, "paws_agent_build_info{"));
    CHECK(has(metrics, "\npaws_agent_config_last_reload_successful 1\n"));
    CHECK(daemon.get("/-/healthy").starts_with("HTTP/1.1 200"));

    daemon.configure("[web2]\n");
    daemon.signal(SIGHUP);
    REQUIRE(daemon.manager.next_with("READY=1"));
    CHECK(eventually([&] {
        return has(daemon.get("/metrics"), "\npaws_agent_config_last_reload_successful 0\n");
    }));
}

TEST_CASE("daemon: an address that is taken is said, and is no bug") {
    Daemon daemon;
    REQUIRE(daemon.manager.next_with("READY=1"));
    const TemporaryDirectory directory;
    const std::string file = directory.path() / "agent.toml";
    std::ofstream{file} << "[agent]\nstate_dir = '" << (directory.path() / "state").string()
                        << "'\nruntime_dir = '" << (directory.path() / "run").string()
                        << "'\n[web]\nlisten = ['unix:" << daemon.path("web.sock") << "']\n";
    const auto second = run_agent({"--config", file});
    CHECK(second.code == 69);
    CHECK(has(second.output, "web.sock"));
}

TEST_CASE("daemon: root does not start on the files of the daemon's user, and hears what does" *
          doctest::test_suite("root") * doctest::skip(::geteuid() != 0)) {
    const TemporaryDirectory directory;
    const auto state = directory.path() / "state";
    const std::string file = directory.path() / "agent.toml";
    std::ofstream{file} << "[agent]\nstate_dir = '" << state.string() << "'\nruntime_dir = '"
                        << (directory.path() / "run").string() << "'\n[web]\nlisten = []\n";
    std::filesystem::create_directory(state);
    REQUIRE(::chown(state.c_str(), 65534, 65534) == 0);
    const auto refused = run_agent({"--config", file, "--since", "6h"});
    CHECK(refused.code == 69);
    CHECK(has(refused.output, "systemctl start paws-agent"));
    CHECK(has(refused.output, "runuser -u paws-agent -- paws-agent"));
    CHECK(std::filesystem::is_empty(state));
}

TEST_CASE("daemon: feeds its watchdog from finished ticks, at twice the pace it is asked for") {
    Daemon daemon{"", {"WATCHDOG_USEC=400000"}};
    REQUIRE(daemon.manager.next_with("READY=1"));
    const auto begun = std::chrono::steady_clock::now();
    for (int feeding = 0; feeding < 8; ++feeding) {
        REQUIRE(daemon.manager.next_with("WATCHDOG=1"));
    }
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{20});  // else forty
    daemon.signal(SIGINT);
    CHECK(daemon.exit_code() == 0);
}

TEST_CASE("daemon: SIGHUP takes a good configuration and tells what changed") {
    Daemon daemon{"[collectors.load]\nenabled = true\n"};
    REQUIRE(daemon.manager.next_with("READY=1"));
    // A look that was begun before a reload ends after it.
    CHECK(eventually([&] { return has(daemon.ask("status"), R"("load":{)"); }));
    daemon.configure("[exporter]\nlegacy_metrics = true\n[collectors.load]\nenabled = false\n");
    daemon.signal(SIGHUP);
    CHECK(has(daemon.manager.next_with("RELOADING=1").value_or(""), "MONOTONIC_USEC="));
    REQUIRE(daemon.manager.next_with("READY=1"));
    CHECK(has(daemon.ask("config"), R"([collectors.load]\nenabled = false)"));
    CHECK(eventually([&] { return !has(daemon.ask("status"), R"("load":{)"); }));
    CHECK(has(daemon.log(), R"(change="[collectors.load] enabled: true -> false")"));
    CHECK(has(daemon.log(),
              R"(this takes a restart change="[exporter] legacy_metrics: false -> true")"));
    CHECK(has(daemon.ask("config"), "legacy_metrics = false"));  // what is in force
}

TEST_CASE("daemon: SIGHUP keeps the configuration in force when the new one is faulty") {
    Daemon daemon{"[collectors.load]\ndeadline = '2s'\n"};
    REQUIRE(daemon.manager.next_with("READY=1"));
    daemon.configure("[collectors.lod]\n[web2]\n");
    daemon.signal(SIGHUP);
    REQUIRE(daemon.manager.next_with("READY=1"));
    CHECK(has(daemon.ask("config"), R"([collectors.load]\nenabled = true\ndeadline = \"2s\")"));
    CHECK(has(daemon.log(), "[collectors.lod] is not a setting; did you mean [collectors.load]?"));
    CHECK(has(daemon.log(), "[web2] is not a setting; did you mean [web]?"));
    CHECK(has(daemon.log(), "reload refused fault="));

    daemon.configure("");
    daemon.signal(SIGHUP);
    REQUIRE(daemon.manager.next_with("READY=1"));
    CHECK(has(daemon.ask("config"), R"([collectors.load]\nenabled = true\ndeadline = \"1s\")"));
}

TEST_CASE("daemon: a second one in the same place is refused and names the first") {
    Daemon daemon;
    REQUIRE(daemon.manager.next_with("READY=1"));
    const auto second = run_agent({"--config", daemon.path("agent.toml")});
    CHECK(second.code == 69);
    CHECK(has(second.output, "another paws-agent runs already ("));
    CHECK(has(second.output, "/agent.lock: held by pid " + std::to_string(daemon.pid()) + ")"));
    CHECK(has(daemon.ask("status"), R"("ok":true)"));  // the first is as before
}

TEST_CASE("daemon: killed and started again it takes its place") {
    Daemon daemon;
    REQUIRE(daemon.manager.next_with("READY=1"));
    daemon.signal(SIGKILL);
    CHECK(daemon.exit_code() == 128 + SIGKILL);
    CHECK(std::filesystem::exists(daemon.path("run/control.sock")));
    const TemporaryDirectory directory;
    Daemon next{"[agent]\n"};  // faulty: a table twice
    CHECK(next.exit_code() == 78);
}

TEST_CASE("daemon: --check-config tells every fault and starts nothing") {
    const TemporaryDirectory directory;
    const std::string file = directory.path() / "agent.toml";
    std::ofstream{file} << "[web]\nlisen = []\nlisten = 5\n";
    const auto faulty = run_agent({"--config", file, "--check-config"});
    CHECK(faulty.code == 78);
    CHECK(faulty.output == file + ":2:1: [web] 'lisen' is not a setting; did you mean 'listen'?\n" +
                               file +
                               ":3:10: [web] 'listen' must be a list of strings, not an integer\n");
    CHECK(run_agent({"--config", file}).code == 78);

    std::ofstream{file, std::ios::trunc} << "[web]\nlisten = []\n";
    const auto good = run_agent({"--config", file, "--check-config"});
    CHECK(good.code == 0);
    CHECK(good.output == file + ": good\n");
    CHECK(run_agent({"--config", file + ".not", "--check-config"}).code == 78);
    const auto verdict = run_agent({"--config", file + ".not", "--check-config", "--json"});
    CHECK(verdict.code == 78);
    CHECK(has(verdict.output, R"({"version":1,"valid":false,"files":[],"faults":[")"));
    CHECK(has(run_agent({"--config", file, "--check-config", "--json"}).output,
              R"("valid":true,"files":[")"));
    CHECK(run_agent({"--json"}).code == 64);  // alone it means nothing
}

TEST_CASE("daemon: a redaction rule that cannot be used is refused with its place") {
    const TemporaryDirectory directory;
    const std::string file = directory.path() / "agent.toml";
    std::ofstream{file} << "[logs]\nloki_url = 'http://127.0.0.1:1'\n"
                           "[[logs.redact]]\nname = 'badge'\npattern = 'a(b'\n";
    const auto checked = run_agent({"--config", file, "--check-config"});
    CHECK(checked.code == 78);
    CHECK(checked.output ==
          file +
              ":5:11: [[logs.redact]] 'pattern' cannot be used: redaction rule 'badge': "
              "missing ): a(b\n");
    const auto started = run_agent({"--config", file});
    CHECK(started.code == 78);  // and not without the rule
    CHECK(has(started.output, file + ":5:11: "));
}

TEST_CASE("daemon: the command line") {
    CHECK(run_agent({"--version"}).code == 0);
    CHECK(has(run_agent({"--version"}).output, "paws-agent 0."));
    CHECK(has(run_agent({"--help"}).output, "--check-config"));
    CHECK(run_agent({"--lisen"}).code == 64);
    CHECK(run_agent({"--log-level", "loud"}).code == 64);
    CHECK(run_agent({"status"}).code == 64);
}

TEST_CASE("daemon: directories it cannot have are named") {
    const TemporaryDirectory directory;
    const std::string file = directory.path() / "agent.toml";
    std::ofstream{directory.path() / "occupied"} << "x";
    std::ofstream{file} << "[agent]\nstate_dir = '" << (directory.path() / "occupied").string()
                        << "'\n";
    const auto occupied = run_agent({"--config", file});
    CHECK(occupied.code == 69);
    CHECK(occupied.output ==
          "paws-agent: [agent] state_dir: " + (directory.path() / "occupied").string() +
              ": is not a directory\n");

    std::filesystem::create_directory(directory.path() / "open");
    std::filesystem::permissions(directory.path() / "open", std::filesystem::perms::all);
    std::ofstream{file, std::ios::trunc}
        << "[agent]\nstate_dir = '" << (directory.path() / "state").string() << "'\nruntime_dir = '"
        << (directory.path() / "open").string() << "'\n";
    const auto open = run_agent({"--config", file});
    CHECK(open.code == 69);
    CHECK(has(open.output, "others may write to it; run: chmod go-w"));
}
