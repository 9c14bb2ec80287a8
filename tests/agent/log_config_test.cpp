#include "agent/config_file.h"
#include "agent/config_text.h"
#include "agent/log_options.h"
#include "agent/version.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};

Result<Config> parsed(const std::string& logs) {
    return parse_config({{"agent.toml", "[logs]\n" + logs}});
}

LogsSection good(const std::string& logs) {
    const auto config = parsed(logs);
    REQUIRE_MESSAGE(config, (config ? "" : config.error().what));
    return config->logs;
}

std::string fault(const std::string& logs) {
    const auto config = parsed(logs);
    return config ? "accepted" : config.error().what;
}

const std::string everything = R"(
loki_url = "https://loki.example/base"
tenant = "acme"
user = "paws"
password_file = "/p"
ca_file = "/ca"
cert_file = "/cert"
key_file = "/key"
proxy = "proxy:3128"
timeout = "3s"
start = "beginning"
units = ["actions.runner.*", "nginx.service"]
identifiers = ["sudo"]
priority = "notice"
diag = false
labels = { team = "build", rack = "7" }
metadata = "suffix"
batch_bytes = 65536
batch_lines = 100
batch_wait = "50ms"
[[logs.redact]]
name = "own"
pattern = "secret-[0-9]+"
[[logs.redact]]
name = "other"
pattern = '"x\\"'
)";

}  // namespace

TEST_CASE("config: every setting of [logs] reaches its place") {
    CHECK(good("") == LogsSection{});
    const auto logs = good(everything);
    CHECK(logs.loki_url == "https://loki.example/base");
    CHECK(logs.tenant == "acme");
    CHECK(logs.user == "paws");
    CHECK(logs.password_file == "/p");
    CHECK(logs.ca_file == "/ca");
    CHECK(logs.cert_file == "/cert");
    CHECK(logs.key_file == "/key");
    CHECK(logs.proxy == "proxy:3128");
    CHECK(logs.timeout == 3s);
    CHECK(logs.start == LogStart::beginning);
    CHECK(logs.units == std::vector<std::string>{"actions.runner.*", "nginx.service"});
    CHECK(logs.identifiers == std::vector<std::string>{"sudo"});
    CHECK_FALSE(logs.diag);
    CHECK(logs.labels == std::map<std::string, std::string>{{"rack", "7"}, {"team", "build"}});
    CHECK(logs.priority == forwarder::Priority::notice);
    CHECK(logs.metadata == LogMetadata::suffix);
    CHECK(logs.batch_bytes == 65'536);
    CHECK(logs.batch_lines == 100);
    CHECK(logs.batch_wait == 50ms);
    CHECK(logs.redact ==
          std::vector<forwarder::RedactionRule>{{"own", "secret-[0-9]+"}, {"other", R"("x\\")"}});
    CHECK(good("token_file = '/t'").token_file == "/t");
}

TEST_CASE("config_text: [logs] is printed so that it reads back the same") {
    const auto config = parsed(everything);
    REQUIRE(config);
    const auto again = parse_config({{"again", config_text(*config)}});
    REQUIRE_MESSAGE(again, (again ? "" : again.error().what));
    CHECK(again->logs == config->logs);
}

TEST_CASE("config: a value of [logs] that cannot be is refused with its place") {
    CHECK(fault("loki_url = 'loki:3100'") ==
          "agent.toml:2:12: [logs] 'loki_url' must be the http:// or https:// URL of a Loki "
          "without a query, not 'loki:3100'");
    CHECK(fault("timeout = '50ms'") ==
          "agent.toml:2:11: [logs] 'timeout' must be from 100ms to 5m");
    CHECK(fault("lables = {}") ==
          "agent.toml:2:1: [logs.lables] is not a setting; did you mean [logs.labels]?");
    CHECK(fault("tenat = 'a'") ==
          "agent.toml:2:1: [logs] 'tenat' is not a setting; did you mean 'tenant'?");
    for (const auto* odd : {"loki_url = 'http://l/?x=1'",
                            "loki_url = 'http://u:p@l/'",
                            "loki_url = 3",
                            R"(tenant = "a\nb")",
                            "tenant = 'a:b'",
                            "user = 'a:b'\npassword_file = '/p'",
                            "password_file = 'p'",
                            "token_file = 'glsa_1234'",
                            "ca_file = 'ca'",
                            "cert_file = 'c'\nkey_file = '/k'",
                            "cert_file = '/c'\nkey_file = 'k'",
                            "proxy = 'http://proxy:1'",
                            "timeout = '6m'",
                            "timeout = 3",
                            "start = 'yesterday'",
                            "units = ['']",
                            "units = ['a/b.service']",
                            "units = ['nginx']",
                            "units = 'a.service'",
                            "identifiers = ['']",
                            R"(identifiers = ["a\tb"])",
                            "diag = 'yes'",
                            "priority = 'error'",
                            "priority = 3",
                            "metadata = 'none'",
                            "batch_bytes = 16383",
                            "batch_bytes = 3145729",
                            "batch_bytes = -1",
                            "batch_lines = 0",
                            "batch_lines = 100001",
                            "batch_wait = '9ms'",
                            "batch_wait = '61s'"}) {
        const auto said = fault(odd);
        CHECK_MESSAGE(said.starts_with("agent.toml:"), odd << ": " << said);
    }
}

TEST_CASE("config: labels of the operator are few, and none of the agent's own") {
    CHECK(good("labels = { a_1 = 'x y', B = '\xC3\xA4' }").labels.size() == 2);
    for (const auto* name : {"job", "host", "environment", "unit", "runner", "level"}) {
        const auto said = fault("labels = { " + std::string{name} + " = 'x' }");
        CHECK_MESSAGE(said.find("is set by the agent") != std::string::npos, said);
    }
    for (const auto* odd : {"'1a' = 'x'",
                            "'a-b' = 'x'",
                            "'' = 'x'",
                            "__a = 'x'",
                            "a = ''",
                            "a = 3",
                            R"(a = "x\ny")"}) {
        CHECK_MESSAGE(fault("labels = { " + std::string{odd} + " }") != "accepted", odd);
    }
    CHECK(good("labels = { a='1', b='1', c='1', d='1', e='1' }").labels.size() == 5);
    CHECK(fault("labels = { a='1', b='1', c='1', d='1', e='1', f='1' }") ==
          "agent.toml: [logs] 'labels' has more than 5 of them");
}

TEST_CASE("config: settings of [logs] that need each other, and those that exclude each other") {
    CHECK(fault("user = 'u'") == "agent.toml: [logs] 'user' and 'password_file' need each other");
    CHECK(fault("password_file = '/p'") ==
          "agent.toml: [logs] 'user' and 'password_file' need each other");
    CHECK(fault("user = 'u'\npassword_file = '/p'\ntoken_file = '/t'") ==
          "agent.toml: [logs] takes 'token_file' or 'user' with 'password_file', not both");
    CHECK(fault("cert_file = '/c'") ==
          "agent.toml: [logs] 'cert_file' and 'key_file' need each other");
    CHECK(fault("key_file = '/c'") ==
          "agent.toml: [logs] 'cert_file' and 'key_file' need each other");
    const auto apart = parse_config(
        {{"agent.toml", "[logs]\nuser = 'u'"}, {"conf.d/p.toml", "[logs]\npassword_file = '/p'"}});
    CHECK(apart);
}

TEST_CASE("config: a redaction rule has a name and a pattern, and rules of drop-ins are added") {
    CHECK(fault("[[logs.redact]]\nname = 'a'") != "accepted");
    CHECK(fault("[[logs.redact]]\npattern = 'a'") != "accepted");
    CHECK(fault("[[logs.redact]]\nname = 'a b'\npattern = 'a'") ==
          "agent.toml:3:8: [[logs.redact]] 'name' must be 1 to 40 small letters, digits or '_', "
          "a letter first, not 'a b'");
    for (const auto* name : {"A", "1a", "_a", "a-b"}) {
        const auto told =
            fault("[[logs.redact]]\nname = '" + std::string{name} + "'\npattern = 'a'");
        CHECK_MESSAGE(told.starts_with("agent.toml:3:8: [[logs.redact]] 'name' must be"), told);
    }
    CHECK(fault("[[logs.redact]]\nname = 'a'\npattern = 'a'\nflags = 'i'") != "accepted");
    const auto both =
        parse_config({{"agent.toml", "[[logs.redact]]\nname = 'a'\npattern = 'a'"},
                      {"conf.d/b.toml", "[[logs.redact]]\nname = 'b'\npattern = 'b'"}});
    REQUIRE(both);
    CHECK(both->logs.redact.size() == 2);
}

TEST_CASE("config: redaction rules that are good one by one and too large together are refused") {
    std::string wide;
    for (int part = 0; part < 9; ++part) {
        wide += "[a-q]{1000}";
    }
    std::string rules;
    for (int number = 0; number < 20; ++number) {
        rules +=
            "[[logs.redact]]\nname = 'wide'\npattern = '" + std::to_string(number) + wide + "'\n";
        if (number == 0) {
            CHECK(fault(rules) == "accepted");
        }
    }
    CHECK(fault(rules) ==
          "agent.toml: [[logs.redact]] cannot be used: redaction rule 'wide': the patterns are too "
          "large together");
}

TEST_CASE("log options: the configuration as the forwarder takes it") {
    auto config = *parsed(everything);
    config.agent.root = "/srv/root";
    config.agent.environment = "staging";
    config.journal.directory = "/j";
    config.journal.namespace_id = "n";
    const auto options = log_options(config, {.host = "build-01", .now = noon, .since = {}});
    CHECK(options.loki == forwarder::LokiOptions{.url = "https://loki.example/base",
                                                 .tenant = "acme",
                                                 .user = "paws",
                                                 .password_file = "/p",
                                                 .token_file = "",
                                                 .ca_file = "/ca",
                                                 .cert_file = "/cert",
                                                 .key_file = "/key",
                                                 .proxy = "proxy:3128",
                                                 .timeout = 3s,
                                                 .agent = "paws-agent/" + std::string{version()}});
    CHECK(options.journal.root == "/srv/root");
    CHECK(options.journal.directory == "/j");
    CHECK(options.journal.name_space == "n");
    CHECK(options.root == "/srv/root");
    CHECK(options.filter == forwarder::JournalFilter{{"actions.runner.*", "nginx.service"},
                                                     {"sudo"},
                                                     forwarder::Priority::notice});
    CHECK_FALSE(options.traces);
    CHECK(options.labels ==
          forwarder::Labels{
              {"environment", "staging"}, {"host", "build-01"}, {"rack", "7"}, {"team", "build"}});
    CHECK(options.redact.size() == 2);
    CHECK(options.batch.bytes == 65'536);
    CHECK(options.batch.lines == 100);
    CHECK(options.batch.wait == 50ms);
    CHECK(options.metadata == forwarder::MetadataWish::suffix);
}

TEST_CASE("log options: where to begin is the configuration's word, unless --since says it") {
    using forwarder::Beginning;
    Config config;
    const auto beginning = [&](std::optional<std::chrono::nanoseconds> since = {}) {
        return log_options(config, {.host = "h", .now = noon, .since = since}).beginning;
    };
    CHECK(beginning() == Beginning{.at = Beginning::At::now});
    CHECK(beginning(2h) == Beginning{.at = Beginning::At::time, .time = noon - 2h});
    config.logs.start = LogStart::beginning;
    CHECK(beginning() == Beginning{.at = Beginning::At::oldest});
    CHECK(beginning(2h).at == Beginning::At::time);
    for (const auto wish : {LogMetadata::as_loki_can, LogMetadata::structured}) {
        config.logs.metadata = wish;
        const auto options = log_options(config, {.host = "h", .now = noon, .since = {}});
        CHECK((options.metadata == forwarder::MetadataWish::structured) ==
              (wish == LogMetadata::structured));
    }
}
