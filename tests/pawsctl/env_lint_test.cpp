#include "pawsctl/env_lint.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace paws::pawsctl;

namespace {

std::string only(std::string_view text) {
    const auto found = lint_env(text);
    REQUIRE(found.size() == 1);
    return found.front().what;
}

}  // namespace

TEST_CASE("env_lint: what a listener reads as it stands is well") {
    CHECK(lint_env("").empty());
    CHECK(lint_env("LANG=C.UTF-8\nhttps_proxy=http://u:p@h:1\n# export A=\"b\"\n\n=x\n").empty());
    CHECK(lint_env("GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY=0\n").empty());
    CHECK(lint_env("A=\"\n").empty());
}

TEST_CASE("env_lint: what a shell would read otherwise is told, by key alone") {
    CHECK(only("A=\"secret\"\n") == "A: .env knows no quotes; they are in the value");
    CHECK(only("A='secret'\r\n").find("secret") == std::string::npos);
    CHECK(only("export A=1\n").find("no export") != std::string::npos);
    CHECK(only("A =1\n").find("blanks") != std::string::npos);
    CHECK(only("\xEF\xBB\xBF"
               "A=1\n")
              .find("byte order mark") != std::string::npos);
}

TEST_CASE("env_lint: dangerous settings are told, and which of them are a failure") {
    for (const auto* key :
         {"GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY", "GITHUB_ACTIONS_RUNNER_HTTPTRACE"}) {
        const auto found = lint_env(std::string{key} + "=1\n");
        REQUIRE(found.size() == 1);
        CHECK(found.front().verdict == Verdict::failed);
    }
    for (const auto* key : {"ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE",
                            "GITHUB_ACTIONS_SERVICE_EXIT_AFTER_N_FAILURES"}) {
        const auto found = lint_env(std::string{key} + "=3\n");
        REQUIRE(found.size() == 1);
        CHECK(found.front().verdict == Verdict::degraded);
    }
}

TEST_CASE("env_lint: what stands in a name cannot reach the terminal") {
    CHECK(only("\x1b[2J=\"x\"\n").find('\x1b') == std::string::npos);
}
