#include "collectors/github_list.h"

#include "tests/collectors/bad_inputs.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;

TEST_CASE("parse_runners_page: id, status and busy of each, as GitHub shapes them") {
    const auto page = parse_runners_page(R"({"total_count": 3, "runners": [
        {"id": 42, "name": "build-01", "os": "linux", "status": "online", "busy": true,
         "ephemeral": false, "runner_group_id": 1,
         "labels": [{"id": 1, "name": "self-hosted", "type": "read-only"}, {"name": "Linux"}]},
        {"id": 18446744073709551615, "status": "offline", "busy": false}]})");
    REQUIRE(page);
    CHECK(page->total == 3);
    REQUIRE(page->runners.size() == 2);
    const auto first = page->runners.at(42);
    REQUIRE(first);
    CHECK(first->registration == Registration::online);
    CHECK(first->busy);
    CHECK(first->labels == std::vector<std::string>{"self-hosted", "linux"});
    const auto last = page->runners.at(18446744073709551615U);
    REQUIRE(last);
    CHECK(last->registration == Registration::offline);
    CHECK_FALSE(last->busy);
}

TEST_CASE("parse_runners_page: a runner in words that we do not know is listed and not described") {
    for (const auto* runner : {R"({"id": 1})",
                               R"({"id": 1, "status": "asleep", "busy": false})",
                               R"({"id": 1, "status": "online", "busy": "false"})",
                               R"({"id": 1, "status": true, "busy": false})",
                               R"({"id": 1, "status": "online"})"}) {
        const auto page =
            parse_runners_page(R"({"total_count": 1, "runners": [)" + std::string{runner} + "]}");
        REQUIRE_MESSAGE(page, runner);
        REQUIRE(page->runners.contains(1));
        CHECK_FALSE_MESSAGE(page->runners.at(1), runner);
    }
}

TEST_CASE("parse_runners_page: what is no list says nothing about anyone") {
    auto inputs = bad_inputs();
    for (const auto* text : {"{}",
                             "[]",
                             "null",
                             R"({"message": "Not Found"})",
                             R"({"total_count": 1})",
                             R"({"runners": []})",
                             R"({"total_count": "1", "runners": []})",
                             R"({"total_count": -1, "runners": []})",
                             R"({"total_count": 1.5, "runners": []})",
                             R"({"total_count": 1, "runners": {}})",
                             R"({"total_count": 1, "runners": [42]})",
                             R"({"total_count": 1, "runners": [{}]})",
                             R"({"total_count": 1, "runners": [{"id": "42"}]})",
                             R"({"total_count": 1, "runners": [{"id": -42}]})",
                             R"({"total_count": 1, "runners": [{"id": 1e2}]})",
                             R"({"total_count": 1, "runners": [{"id": 42}])"}) {
        inputs.emplace_back(text);
    }
    inputs.push_back(R"({"total_count": 0, "runners": )" + std::string(100'000, '[') +
                     std::string(100'000, ']') + "}");
    for (const auto& input : inputs) {
        CHECK_FALSE_MESSAGE(parse_runners_page(input), input.substr(0, 80));
    }
}

TEST_CASE("scope_of: a repository, an organisation, an enterprise of the server that is asked") {
    CHECK(scope_of("https://github.com/acme/widgets", "api.github.com") == "/repos/acme/widgets");
    CHECK(scope_of("https://GitHub.com/acme/", "api.github.com") == "/orgs/acme");
    CHECK(scope_of("https://github.com/enterprises/acme", "api.github.com") == "/enterprises/acme");
    CHECK(scope_of("https://ghes.example:8443/acme", "ghes.example") == "/orgs/acme");
    CHECK(scope_of("https://acme.ghe.com/a/b.c_d-e", "api.acme.ghe.com") == "/repos/a/b.c_d-e");
}

TEST_CASE("scope_of: another server's and what is no such place are not asked for") {
    for (const auto* url : {"",
                            "acme/widgets",
                            "https://github.com",
                            "https://github.com/",
                            "https://github.com//widgets",
                            "https://github.com/acme/widgets/extra",
                            "https://github.com/../user",
                            "https://github.com/acme/..",
                            "https://github.com/acme/widgets?x=1",
                            "https://github.com/a%2Fb/c",
                            "https://user:pass@github.com/acme",
                            "https://evil.example/acme",
                            "https://github.com.evil.example/acme",
                            "https://github.com/acme/widgets\r\nX: y"}) {
        CHECK_FALSE_MESSAGE(scope_of(url, "api.github.com"), url);
    }
    CHECK_FALSE(scope_of("https://github.com/acme", "ghes.example"));
}

TEST_CASE("api_message: short and printable, or nothing") {
    CHECK(api_message(R"({"message": "Bad credentials"})") == "Bad credentials");
    CHECK(api_message(R"({"message": "\u001b[31mred"})") == "\xEF\xBF\xBD[31mred");
    CHECK(api_message(R"({"message": ")" + std::string(1000, 'x') + "\"}").size() == 200);
    CHECK(api_message("<html>") == "");
    CHECK(api_message(R"({"message": 42})") == "");
}

TEST_CASE("parse_installation_token: one word that may stand in a header") {
    const auto token = parse_installation_token(R"({"token": "ghs_abc", "expires_at": "x"})");
    REQUIRE(token);
    CHECK(*token == "ghs_abc");
    for (const auto* text : {"",
                             "{}",
                             R"({"token": ""})",
                             R"({"token": "a\r\nX: y"})",
                             R"({"token": "a b"})",
                             R"({"token": 42})"}) {
        CHECK_FALSE_MESSAGE(parse_installation_token(text), text);
    }
}
