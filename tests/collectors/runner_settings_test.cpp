#include "collectors/runner_settings.h"

#include <doctest/doctest.h>

using namespace paws;
using collectors::parse_proxy;
using collectors::parse_runner_settings;
using collectors::version_of_link;

TEST_CASE("parse_runner_settings: reads what config.sh writes, byte order mark included") {
    const auto settings = parse_runner_settings(
        "\xEF\xBB\xBF"
        R"({
  "agentId": 42, "agentName": "build-01", "poolName": "Default",
  "serverUrl": "https://pipelines.example/", "gitHubUrl": "https://github.com/acme/widgets",
  "workFolder": "_work", "useV2Flow": true, "serverUrlV2": "https://broker.example/"
})");
    REQUIRE(settings);
    CHECK(settings->agent_id == 42);
    CHECK(settings->agent_name == "build-01");
    CHECK(settings->pool_name == "Default");
    CHECK(settings->github_url == "https://github.com/acme/widgets");
    CHECK(settings->server_url == "https://pipelines.example/");
    CHECK(settings->server_url_v2 == "https://broker.example/");
    CHECK(settings->work_folder == "_work");
    CHECK(settings->use_v2_flow);
    CHECK_FALSE(settings->ephemeral);
    CHECK_FALSE(settings->disable_update);
}

TEST_CASE("parse_runner_settings: a just-in-time file has other case, strings for all, no URL") {
    const auto settings = parse_runner_settings(
        R"({"AgentId": "7", "AGENTNAME": "jit-1", "Ephemeral": "True", "disableUpdate": 1,
            "useV2Flow": "false"})");
    REQUIRE(settings);
    CHECK(settings->agent_id == 7);
    CHECK(settings->agent_name == "jit-1");
    CHECK(settings->ephemeral);
    CHECK(settings->disable_update);
    CHECK_FALSE(settings->use_v2_flow);
    CHECK(settings->github_url.empty());
}

TEST_CASE("parse_runner_settings: an odd value is absent, never wrong") {
    const auto settings = parse_runner_settings(
        R"({"agentId": -3, "agentName": ["x"], "poolName": null, "ephemeral": {}, "workFolder": 5})");
    REQUIRE(settings);
    CHECK_FALSE(settings->agent_id);
    CHECK(settings->agent_name.empty());
    CHECK(settings->pool_name.empty());
    CHECK_FALSE(settings->ephemeral);
    CHECK(settings->work_folder == "5");
    CHECK_FALSE(parse_runner_settings(R"({"agentId": 1.5})")->agent_id);
    CHECK_FALSE(parse_runner_settings(R"({"agentId": "99999999999999999999999"})")->agent_id);
}

TEST_CASE("parse_runner_settings: names are made printable") {
    const auto settings = parse_runner_settings(R"({"agentName": "a\u001b[31m\nb"})");
    REQUIRE(settings);
    CHECK(settings->agent_name == "a\uFFFD[31m\uFFFDb");
}

TEST_CASE("parse_runner_settings: what is no JSON object is malformed") {
    for (const std::string_view text :
         {"", "\xEF\xBB\xBF", "{", "[]", "42", "{\"agentId\": 42", "garbage \xff\xfe", "{} {}"}) {
        CAPTURE(text);
        const auto settings = parse_runner_settings(text);
        REQUIRE_FALSE(settings);
        CHECK(settings.error().code == Errc::malformed);
    }
    CHECK_FALSE(parse_runner_settings("{\"agentName\": \"\xff\xfe\"}"));
    CHECK_FALSE(parse_runner_settings(std::string(100'000, '[')));
    CHECK_FALSE(parse_runner_settings("{\"a\":" + std::string(60'000, '{')));
}

TEST_CASE("parse_endpoint: host and port of a URL") {
    using collectors::Endpoint;
    using collectors::parse_endpoint;
    CHECK(parse_endpoint("https://github.com/acme/widgets") == Endpoint{"github.com", 443});
    CHECK(parse_endpoint("https://ghes.example:8443/acme") == Endpoint{"ghes.example", 8443});
    CHECK(parse_endpoint("[::1]:3128") == Endpoint{"::1", 3128});
    CHECK_FALSE(parse_endpoint(""));
    CHECK_FALSE(parse_endpoint("https://"));
    CHECK_FALSE(parse_endpoint("https://[]:1"));
}

TEST_CASE("parse_proxy: the small key first, the last line of a key, no credentials") {
    CHECK(parse_proxy("LANG=C\nhttps_proxy=http://proxy.example:3128\n") == "proxy.example:3128");
    CHECK(parse_proxy("HTTPS_PROXY=http://one:1\nhttps_proxy=http://two:2") == "two:2");
    CHECK(parse_proxy("https_proxy=http://one:1\nhttps_proxy=http://two:2") == "two:2");
    CHECK(parse_proxy("https_proxy=http://user:s3cret@proxy:8080/path?x") == "proxy:8080");
    CHECK(parse_proxy("https_proxy=user:p@ss:word@proxy:8080") == "proxy:8080");
    CHECK(parse_proxy("https_proxy=http://[::1]:3128/") == "[::1]:3128");
}

TEST_CASE("parse_proxy: a URL without a port has the port of its scheme") {
    CHECK(parse_proxy("https_proxy=http://proxy") == "proxy:80");
    CHECK(parse_proxy("https_proxy=HTTPS://proxy/") == "proxy:443");
    CHECK(parse_proxy("https_proxy=proxy") == "proxy:80");
    CHECK(parse_proxy("https_proxy=http://[fe80::1]") == "[fe80::1]:80");
}

TEST_CASE("parse_proxy: nothing usable is no proxy") {
    for (const std::string_view text : {"",
                                        "https_proxy",
                                        "https_proxy=",
                                        "https_proxy=http://",
                                        "https_proxy=http://x:99999",
                                        "https_proxy=http://x:0",
                                        "https_proxy=:80",
                                        "# https_proxy=http://x:1",
                                        "export https_proxy=http://x:1",
                                        "\xff\xfe=\n=\n"}) {
        CAPTURE(text);
        CHECK(parse_proxy(text).empty());
    }
    CHECK(parse_proxy(std::string(100'000, '=')).empty());
}

TEST_CASE("version_of_link: the version behind bin, relative or absolute") {
    CHECK(version_of_link("bin.2.336.0") == "2.336.0");
    CHECK(version_of_link("/opt/runner/bin.2.336.0") == "2.336.0");
    CHECK(version_of_link("bin.3.0.0-rc1") == "3.0.0-rc1");
    for (const std::string_view target :
         {"", "bin", "bin.", "bin...", "/etc", "bin.2/../..", "bin.2.3 6", "bin.\xff", "bin.2\n"}) {
        CAPTURE(target);
        CHECK(version_of_link(target).empty());
    }
    CHECK(version_of_link("bin." + std::string(100'000, '1')).empty());
}
