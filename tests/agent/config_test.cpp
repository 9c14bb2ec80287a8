#include "agent/config_file.h"
#include "agent/config_text.h"
#include "tests/support/temporary_directory.h"

#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

using namespace paws;
using namespace paws::agent;
using namespace std::chrono_literals;

namespace {

Config good(const std::string& text) {
    const auto config = parse_config({{"agent.toml", text}});
    REQUIRE_MESSAGE(config, (config ? "" : config.error().what));
    return *config;
}

std::string fault(const std::string& text) {
    const auto config = parse_config({{"agent.toml", text}});
    return config ? "accepted" : config.error().what;
}

void write(const std::filesystem::path& file, std::string_view text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
}

}  // namespace

TEST_CASE("config: nothing written means the defaults") {
    const auto config = good("");
    CHECK(config == Config{});
    CHECK(config.web.listen == std::vector<std::string>{":7297"});
    CHECK(config.agent.runtime_dir == "/run/paws-agent");
    CHECK(config.runners.discover);
    CHECK(config.collectors.of("cpu").deadline == 1s);
}

TEST_CASE("config: every setting reaches its place") {
    const auto config = good(R"(
[agent]
state_dir = "/srv/state"
keep_jobs = "7d"
runtime_dir = "/srv/run"
root = "/srv/root"
environment = "staging"
log_level = "warning"
[web]
listen = ["127.0.0.1:80", "[::1]:8080", ":9", "unix:/run/web.sock"]
tls_cert = "/etc/tls/web.pem"
tls_key = "/etc/tls/web.key"
client_ca = "/etc/tls/clients.pem"
token_file = "/etc/paws-agent/web.tokens"
[journal]
namespace = "runners"
[runners]
discover = false
[[runners.static]]
name = "one"
root = "/srv/one"
[[runners.static]]
name = "two"
root = "/srv/two"
unit = "two.service"
[collectors.cpu]
enabled = false
[collectors.filesystem]
deadline = "500ms"
exclude_mountpoints = ["/mnt"]
exclude_fstypes = ["nfs4", "fuse.sshfs"]
[github]
api_url = "https://ghes.example/api/v3"
token_file = "/etc/paws-agent/github.token"
ca_file = "/etc/ssl/ours.pem"
proxy = "proxy.example:3128"
interval = "90s"
[exporter]
legacy_metrics = true
)");
    CHECK(config.agent.state_dir == "/srv/state");
    CHECK(config.agent.keep_jobs == 7 * 24h);
    CHECK(config.agent.runtime_dir == "/srv/run");
    CHECK(config.agent.root == "/srv/root");
    CHECK(config.agent.environment == "staging");
    CHECK(config.agent.log_level == LogLevel::warning);
    CHECK(config.web.listen.size() == 4);
    CHECK(config.web.tls_cert == "/etc/tls/web.pem");
    CHECK(config.web.tls_key == "/etc/tls/web.key");
    CHECK(config.web.client_ca == "/etc/tls/clients.pem");
    CHECK(config.web.token_file == "/etc/paws-agent/web.tokens");
    CHECK(config.journal.namespace_id == "runners");
    CHECK_FALSE(config.runners.discover);
    REQUIRE(config.runners.fixed.size() == 2);
    CHECK(config.runners.fixed[0] == collectors::StaticRunner{"one", "/srv/one", ""});
    CHECK(config.runners.fixed[1] == collectors::StaticRunner{"two", "/srv/two", "two.service"});
    CHECK_FALSE(config.collectors.of("cpu").enabled);
    CHECK(config.collectors.of("filesystem").deadline == 500ms);
    CHECK(config.collectors.exclude_mountpoints == std::vector<std::string>{"/mnt"});
    CHECK(config.collectors.exclude_fstypes.size() == 2);
    CHECK(config.github.api_url == "https://ghes.example/api/v3");
    CHECK(config.github.token_file == "/etc/paws-agent/github.token");
    CHECK(config.github.ca_file == "/etc/ssl/ours.pem");
    CHECK(config.github.proxy == "proxy.example:3128");
    CHECK(config.github.interval == 90s);
    CHECK(config.exporter.legacy_metrics);
}

TEST_CASE("config: GitHub is asked with a token or as an App, never with half of one") {
    CHECK_FALSE(good("").github.enabled());
    CHECK(good("[github]\ntoken_file = '/t'").github.enabled());
    const auto app = parse_config(
        {{"agent.toml", "[github]\napp_id = 'Iv1.8a61f9b3a7aba766'"},
         {"conf.d/key.toml", "[github]\napp_key_file = '/k'\ninstallation_id = '815'"}});
    REQUIRE(app);
    CHECK(app->github.enabled());
    CHECK(fault("[github]\napp_id = '1'") ==
          "agent.toml: [github] an App needs 'app_id', 'app_key_file' and 'installation_id'");
    CHECK(fault("[github]\ninstallation_id = '1'\ntoken_file = '/t'") ==
          "agent.toml: [github] takes 'token_file' or an App, not both");
    CHECK(fault("[journal]\ndirectory = '/srv/journal'\nnamespace = 'runners'") ==
          "agent.toml: [journal] takes 'directory' or 'namespace', not both");
    CHECK(fault("[journal]\ndirectory = '/srv/journal'") == "accepted");
}

TEST_CASE("config: a token goes to a server by TLS, and nothing else is taken for one") {
    CHECK(fault("[github]\napi_url = 'http://ghes.example/api/v3'") ==
          "agent.toml:2:11: [github] 'api_url' must be an https:// URL without a query, not "
          "'http://ghes.example/api/v3'");
    CHECK(fault("[github]\napi_url = 'https://a/?b'") != "accepted");
    CHECK(fault("[github]\ntoken_file = 'ghp_1234'") ==
          "agent.toml:2:14: [github] 'token_file' must be an absolute path, not 'ghp_1234'");
    CHECK(fault("[github]\napp_id = '1\", \"x'") != "accepted");
    CHECK(fault("[github]\ninstallation_id = '1/../2'") != "accepted");
    for (const auto* proxy : {"proxy", "http://proxy:3128", "proxy:3128/x", "a b:1", "u:p@h:1"}) {
        CHECK_MESSAGE(fault("[github]\nproxy = '" + std::string{proxy} + "'") != "accepted", proxy);
    }
    CHECK(good("[github]\nproxy = '[::1]:3128'").github.proxy == "[::1]:3128");
    CHECK(fault("[github]\ninterval = '3m'") ==
          "agent.toml:2:12: [github] 'interval' must be from 1s to 2m");
}

TEST_CASE("config: a misspelt key is refused with its place and the nearest one") {
    CHECK(fault("[web]\nlisen = [\":80\"]") ==
          "agent.toml:2:1: [web] 'lisen' is not a setting; did you mean 'listen'?");
    CHECK(fault("[agent]\n  zzzzzz = 1") == "agent.toml:2:3: [agent] 'zzzzzz' is not a setting");
    CHECK(fault("lisen = 1") == "agent.toml:1:1: 'lisen' is not a setting outside a section");
    CHECK(fault("[wbe]") == "agent.toml:1:2: [wbe] is not a setting; did you mean [web]?");
    CHECK(fault("[[runners.sttic]]\nname = 'a'") ==
          "agent.toml:1:11: [runners.sttic] is not a setting; did you mean [runners.static]?");
    CHECK(fault("[collectors.loda]\nenabled = true") ==
          "agent.toml:1:13: [collectors.loda] is not a setting; did you mean [collectors.load]?");
}

TEST_CASE("config: settings of later issues are not accepted yet") {
    CHECK(fault("[remediation]\nmode = 'act'") == "agent.toml:1:2: [remediation] is not a setting");
    CHECK(fault("[[peers]]\nname = 'a'") == "agent.toml:1:3: [peers] is not a setting");
}

TEST_CASE("config: a value of the wrong type is refused") {
    CHECK(fault("[web]\nlisten = 7297") ==
          "agent.toml:2:10: [web] 'listen' must be a list of strings, not an integer");
    CHECK(fault("[web]\nlisten = [\":1\", 2]") ==
          "agent.toml:2:17: [web] 'listen' must hold strings only, not an integer");
    CHECK(fault("[runners]\ndiscover = 'yes'") ==
          "agent.toml:2:12: [runners] 'discover' must be true or false, not a string");
    CHECK(fault("[agent]\nstate_dir = 1.5") ==
          "agent.toml:2:13: [agent] 'state_dir' must be a string, not a number");
    CHECK(fault("[collectors.cpu]\ndeadline = 1") ==
          "agent.toml:2:12: [collectors.cpu] 'deadline' must be a duration such as \"500ms\", "
          "\"30s\" or \"15m\", not an integer");
    CHECK(fault("web = 3") == "agent.toml:1:7: [web] must be a table, not an integer");
    CHECK(fault("[[web]]") == "agent.toml:1:1: [web] must be a table, not a list of tables");
    CHECK(fault("[runners]\nstatic = {name = 'a'}") ==
          "agent.toml:2:10: [[runners.static]] must be a list of tables, not a table");
    CHECK(fault("[agent]\nlog_level = 2020-01-01") ==
          "agent.toml:2:13: [agent] 'log_level' must be a string, not a date or time");
}

TEST_CASE("config: an impossible value is refused") {
    CHECK(fault("[agent]\nstate_dir = 'var/lib'") ==
          "agent.toml:2:13: [agent] 'state_dir' must be an absolute path, not 'var/lib'");
    CHECK(fault("[agent]\nlog_level = 'loud'") ==
          "agent.toml:2:13: [agent] 'log_level' must be one of debug, info, warning, error, not "
          "'loud'");
    CHECK(fault("[agent]\nenvironment = ''") ==
          "agent.toml:2:15: [agent] 'environment' must be 1 to 64 letters, digits, '.', '_' or "
          "'-', not ''");
    CHECK(fault("[agent]\nruntime_dir = '/" + std::string(100, 'x') + "'") ==
          "agent.toml:2:15: [agent] 'runtime_dir' is too long: a socket in it must have a path of "
          "at most 107 bytes");
    CHECK(
        fault("[web]\nlisten = ['unix:/" + std::string(106, 'x') + "']") ==
        "agent.toml:2:11: [web] 'listen' is too long: a socket's path has at most 106 bytes here");
    CHECK(fault("[web]\nlisten = ['unix:/" + std::string(105, 'x') + "']") == "accepted");
    CHECK(fault("[web]\nlisten = ['unix:/a,b']") ==
          "agent.toml:2:11: [web] 'listen' may not have a comma in its path");
    CHECK(fault("[collectors.cpu]\ndeadline = '1 week'") ==
          "agent.toml:2:12: [collectors.cpu] 'deadline' must be a duration such as \"500ms\", "
          "\"30s\" or \"15m\", not '1 week'");
    CHECK(fault("[collectors.cpu]\ndeadline = '1h'") ==
          "agent.toml:2:12: [collectors.cpu] 'deadline' must be from 10ms to 10s");
    CHECK(fault("[web]\nlisten = [':1', ':1']") ==
          "agent.toml:2:10: [web] 'listen' names ':1' twice");
    CHECK(fault("[[runners.static]]\nname = 'a'") ==
          "agent.toml:1:1: [[runners.static]] 'root' is missing");
    CHECK(
        fault("[[runners.static]]\nname='a'\nroot='/a'\n[[runners.static]]\nname='a'\nroot='/b'") ==
        "agent.toml:5:6: [[runners.static]] 'name' 'a' is already another runner's");
    CHECK(fault("[[runners.static]]\nname='a'\nroot='/a'\nunit='a'") ==
          "agent.toml:4:6: [[runners.static]] 'unit' must be the name of a .service unit, not 'a'");
}

TEST_CASE("config: a listen address has one of the four forms") {
    for (const auto* address : {":7297", "127.0.0.1:1", "[::]:65535", "unix:/run/a.sock"}) {
        CHECK(good("[web]\nlisten = ['" + std::string{address} + "']").web.listen.front() ==
              address);
    }
    for (const auto* address : {"",
                                "7297",
                                ":0",
                                ":65536",
                                "localhost:80",
                                "::1:80",
                                "[::1]",
                                "[127.0.0.1]:80",
                                "1.2.3.4.5:80",
                                "unix:run/a.sock",
                                ":80 "}) {
        CHECK(fault("[web]\nlisten = ['" + std::string{address} + "']") ==
              "agent.toml:2:11: [web] 'listen' must be \":7297\", \"127.0.0.1:7297\", "
              "\"[::1]:7297\" or \"unix:/path\", not '" +
                  std::string{address} + "'");
    }
    CHECK(good("[web]\nlisten = []").web.listen.empty());
}

TEST_CASE("config: all faults are told, in the order of the file") {
    CHECK(fault("[web]\nlisen = 1\n[agent]\nroot = 2\nrot = 3") ==
          "agent.toml:2:1: [web] 'lisen' is not a setting; did you mean 'listen'?\n"
          "agent.toml:4:8: [agent] 'root' must be a string, not an integer\n"
          "agent.toml:5:1: [agent] 'rot' is not a setting; did you mean 'root'?");
}

TEST_CASE("config: text that is not TOML is refused with its place") {
    CHECK(fault("[web").starts_with("agent.toml:1:5: "));
    CHECK(fault("[web]\n[web]").starts_with("agent.toml:2:1: "));
    CHECK(fault("a = \"\xff\"").starts_with("agent.toml:1:"));
    CHECK(fault(std::string_view{"\0\0\0", 3}.data()) == "accepted");  // C string: empty
    CHECK(fault(std::string{"\0\0\0", 3}).starts_with("agent.toml:1:1: "));
    CHECK(fault("x = " + std::string(100'000, '[')).starts_with("agent.toml:1:"));
    CHECK(fault("[\"a\x1b[31m\"]").find('\x1b') == std::string::npos);
    CHECK(fault("[\"a\\u001b[31m\"]") == "agent.toml:1:2: [a\uFFFD[31m] is not a setting");
    CHECK(good("\xEF\xBB\xBF[web]\nlisten = []").web.listen.empty());  // a byte order mark
}

TEST_CASE("config: a key of very many parts is a fault, and dots elsewhere are none") {
    std::string parts;
    while (parts.size() < 200'000) {
        parts += "a.";
    }
    CHECK(fault(parts + "a = 1") == "agent.toml:1:1: a key has too many parts");
    CHECK(fault("\n[" + parts + "a]") == "agent.toml:2:1: a key has too many parts");
    CHECK(fault("x = {" + parts + "a = 1}") == "agent.toml:1:1: a key has too many parts");
    CHECK(good("[agent]\nstate_dir = \"/" + std::string(200, '.') + "\\\"" + std::string(200, '.') +
               "\"")
              .agent.state_dir.size() == 402);
    good("# " + std::string(200, '.') + "\n[agent]\nroot = '/" + std::string(200, '.') + "'");
}

TEST_CASE("config: in drop-ins tables merge, scalars and arrays replace, tables of lists append") {
    const auto config = parse_config({
        {"agent.toml",
         "[agent]\nenvironment='a'\nlog_level='error'\n[web]\nlisten=[':1', ':2']\n"
         "[collectors.cpu]\nenabled=false\n[[runners.static]]\nname='one'\nroot='/1'"},
        {"conf.d/10.toml",
         "[agent]\nenvironment='b'\n[web]\nlisten=[':3']\n[collectors.cpu]\ndeadline='2s'\n"
         "[[runners.static]]\nname='two'\nroot='/2'"},
    });
    REQUIRE(config);
    CHECK(config->agent.environment == "b");
    CHECK(config->agent.log_level == LogLevel::error);
    CHECK(config->web.listen == std::vector<std::string>{":3"});
    CHECK(config->collectors.of("cpu") == CollectorSection{.enabled = false, .deadline = 2s});
    CHECK(config->runners.fixed.size() == 2);
}

TEST_CASE("config: the file and its drop-ins are read in byte order, others are not") {
    const TemporaryDirectory dir;
    write(dir.path() / "agent.toml", "[agent]\nenvironment = 'main'");
    write(dir.path() / "conf.d/20-b.toml", "[agent]\nenvironment = 'twenty'");
    write(dir.path() / "conf.d/100-a.toml", "[agent]\nenvironment = 'hundred'\nroot = '/x'");
    write(dir.path() / "conf.d/.hidden.toml", "nonsense");
    write(dir.path() / "conf.d/note.txt", "nonsense");
    const auto loaded = load_config(dir.path() / "agent.toml", MissingFile::is_an_error);
    REQUIRE(loaded);
    CHECK(loaded->config.agent.environment == "twenty");
    CHECK(loaded->config.agent.root == "/x");
    const auto base = dir.path().string();
    CHECK(loaded->files == std::vector{base + "/agent.toml",
                                       base + "/conf.d/100-a.toml",
                                       base + "/conf.d/20-b.toml"});
}

TEST_CASE("config: a fault in a drop-in names the drop-in, and those of all files are told") {
    const TemporaryDirectory dir;
    write(dir.path() / "agent.toml", "[agent]\nrot = '/'");
    write(dir.path() / "conf.d/10.toml", "\n[web]\nlisen = []");
    const auto loaded = load_config(dir.path() / "agent.toml", MissingFile::is_an_error);
    REQUIRE_FALSE(loaded);
    const auto base = dir.path().string();
    CHECK(loaded.error().what ==
          base + "/agent.toml:2:1: [agent] 'rot' is not a setting; did you mean 'root'?\n" + base +
              "/conf.d/10.toml:3:1: [web] 'lisen' is not a setting; did you mean 'listen'?");
}

TEST_CASE("config: a missing file is fine by default and an error when it was named") {
    const TemporaryDirectory dir;
    const auto file = (dir.path() / "none/agent.toml").string();
    REQUIRE(load_config(file, MissingFile::is_fine));
    CHECK(load_config(file, MissingFile::is_fine)->config == Config{});
    const auto named = load_config(file, MissingFile::is_an_error);
    REQUIRE_FALSE(named);
    CHECK(named.error().what == file + ": there is no such file; --config FILE names another");

    write(dir.path() / "conf.d/10.toml", "[agent]\nenvironment = 'drop-in'");
    const auto only_drop_ins = load_config(dir.path() / "agent.toml", MissingFile::is_fine);
    REQUIRE(only_drop_ins);
    CHECK(only_drop_ins->config.agent.environment == "drop-in");
}

TEST_CASE("config: a file that is too large, a directory or unreadable is refused") {
    const TemporaryDirectory dir;
    write(dir.path() / "agent.toml", std::string(config_file_limit + 1, '#'));
    const auto huge = load_config(dir.path() / "agent.toml", MissingFile::is_fine);
    REQUIRE_FALSE(huge);
    CHECK(huge.error().code == Errc::malformed);
    std::filesystem::create_directory(dir.path() / "folder.toml");
    const auto folder = load_config(dir.path() / "folder.toml", MissingFile::is_fine);
    REQUIRE_FALSE(folder);
    CHECK(folder.error().what.find("Is a directory") != std::string::npos);
}

TEST_CASE("config_text: prints every setting and reads back to the same configuration") {
    auto config = good("");
    CHECK(good(config_text(config)).collectors.of("units").deadline == 1s);
    config.agent.environment = "x";
    config.journal.directory = R"(/with "quotes" and \)";
    config.runners.fixed = {{"one", "/1", ""}, {"two", "/2", "two.service"}};
    config.collectors.by_name["cpu"] = {.enabled = false, .deadline = 1500ms};
    config.collectors.exclude_fstypes = {"nfs", "nfs4"};
    const auto again = good(config_text(config));
    CHECK(settings(again) == settings(config));
    CHECK(config_text(again) == config_text(config));
}

TEST_CASE("differences: names each setting that changed, with both values") {
    Config before;
    CHECK(differences(before, before).empty());
    auto after = before;
    after.web.listen = {"127.0.0.1:7297"};
    after.runners.fixed = {{"one", "/1", ""}};
    CHECK(differences(before, after) ==
          std::vector<std::string>{R"([web] listen: [":7297"] -> ["127.0.0.1:7297"])",
                                   R"([[runners.static]] name: "one")",
                                   R"([[runners.static]] root: "/1")",
                                   R"([[runners.static]] unit: "")"});
    const auto back = differences(after, before);  // NOLINT(readability-suspicious-call-argument)
    CHECK(back.back() == R"([[runners.static]] unit: "" is gone)");
}
