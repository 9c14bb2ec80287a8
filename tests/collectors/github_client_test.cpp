#include "collectors/github_client.h"

#include "collectors/github_runners.h"
#include "tests/support/facts.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;
using platform::HttpAnswer;
using platform::HttpRequest;

namespace {

const std::string scope = "/repos/acme/widgets";

std::string header(const HttpRequest& request, std::string_view name) {
    const auto found = std::ranges::find(request.headers, name, &platform::HttpHeader::name);
    return found == request.headers.end() ? "" : found->value;
}

// `count` online runners from `first` on, of `total`.
std::string page(std::uint64_t total, std::uint64_t first, std::uint64_t count) {
    std::string runners;
    for (auto id = first; id < first + count; ++id) {
        runners += (runners.empty() ? "" : ",") + std::string{"{\"id\":"} + std::to_string(id) +
                   R"(,"status":"online","busy":false})";
    }
    return "{\"total_count\":" + std::to_string(total) + ",\"runners\":[" + runners + "]}";
}

HttpAnswer answer(unsigned status,
                  std::string body = "{}",
                  std::vector<platform::HttpHeader> headers = {}) {
    return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

struct Rig {
    TemporaryDirectory dir;
    GithubSettings settings;
    std::vector<HttpRequest> asked;
    std::vector<platform::HttpResult> answers;  // the last one is given again and again
    Now now = noon;
    std::optional<GithubRunners> client;

    Rig() {
        settings.token_file = (dir.path() / "token").string();
        write_token("ghp_first");
        client.emplace(
            GithubClient{settings,
                         [this](const HttpRequest& request, const platform::HttpOptions&) {
                             asked.push_back(request);
                             return answers.at(std::min(asked.size(), answers.size()) - 1);
                         },
                         [this] { return now; }});
    }
    void write_token(const std::string& token) const {
        std::ofstream{settings.token_file} << token << "\n";
        ::chmod(settings.token_file.c_str(), 0600);
    }
    ListAnswer list() { return client->list(scope); }
    std::string error() { return list().list.error().what; }
};

}  // namespace

TEST_CASE("github_client: one page is one request, with all that GitHub wants to see") {
    Rig rig;
    rig.answers = {answer(200, page(2, 41, 2), {{"x-ratelimit-remaining", "4998"}})};
    const auto said = rig.list();
    REQUIRE(said.list);
    CHECK(said.list->runners.size() == 2);
    CHECK(said.list->answered.boot == noon.boot);
    CHECK(said.limits.requests_left == 4998);
    CHECK_FALSE(said.limits.wait);
    REQUIRE(rig.asked.size() == 1);
    const auto& request = rig.asked[0];
    CHECK(request.url.host == "api.github.com");
    CHECK(request.url.target == scope + "/actions/runners?per_page=100&page=1");
    CHECK(header(request, "Authorization") == "Bearer ghp_first");
    CHECK_FALSE(header(request, "User-Agent").empty());
    CHECK(header(request, "X-GitHub-Api-Version") == "2022-11-28");
}

TEST_CASE("github_client: below the path of a server of one's own") {
    Rig rig;
    rig.settings.api_url = "https://ghes.example/api/v3/";
    rig.answers = {answer(200, page(0, 0, 0))};
    GithubRunners client{
        GithubClient{rig.settings,
                     [&](const HttpRequest& request, const platform::HttpOptions&) {
                         rig.asked.push_back(request);
                         return rig.answers[0];
                     },
                     [] { return noon; }}};
    REQUIRE(client.list("/orgs/acme").list);
    CHECK(rig.asked[0].url.target == "/api/v3/orgs/acme/actions/runners?per_page=100&page=1");
}

TEST_CASE("github_client: all pages together are a list") {
    Rig rig;
    rig.answers = {answer(200, page(250, 1, 100)),
                   answer(200, page(250, 101, 100)),
                   answer(200, page(250, 201, 50))};
    const auto said = rig.list();
    REQUIRE(said.list);
    CHECK(said.list->runners.size() == 250);
    CHECK(rig.asked.size() == 3);
}

TEST_CASE("github_client: pages that do not fit each other are no list") {
    Rig rig;
    SUBCASE("one fails") {
        rig.answers = {answer(200, page(250, 1, 100)), answer(502)};
    }
    SUBCASE("one went away") {
        rig.answers = {answer(200, page(150, 1, 100)), answer(200, page(149, 101, 49))};
    }
    SUBCASE("one came, and the pages moved") {
        rig.answers = {answer(200, page(150, 1, 100)), answer(200, page(151, 100, 51))};
    }
    SUBCASE("one is repeated") {
        rig.answers = {answer(200, page(150, 1, 100))};
    }
    SUBCASE("one is empty too soon") {
        rig.answers = {answer(200, page(150, 1, 100)), answer(200, page(150, 0, 0))};
    }
    SUBCASE("the last is missing") {
        rig.answers = {answer(200, page(150, 1, 0))};
    }
    CHECK_FALSE(rig.list().list);
    CHECK(rig.asked.size() <= 100);
}

TEST_CASE("github_client: a page that did not change is what it was, of a new time") {
    Rig rig;
    rig.answers = {answer(200, page(1, 42, 1), {{"ETag", "W/\"a\""}}),
                   answer(304, "", {{"ETag", "W/\"a\""}})};
    REQUIRE(rig.list().list);
    CHECK(header(rig.asked[0], "If-None-Match").empty());
    rig.now = later(1min);
    const auto again = rig.list();
    REQUIRE(again.list);
    CHECK(header(rig.asked[1], "If-None-Match") == "W/\"a\"");
    CHECK(again.list->runners.contains(42));
    CHECK(again.list->answered.boot == later(1min).boot);
}

TEST_CASE("github_client: an answer of 304 to a question that did not allow it is an error") {
    Rig rig;
    rig.answers = {answer(304, "")};
    CHECK_FALSE(rig.list().list);
}

TEST_CASE("github_client: each refusal says what to do, and none says the token") {
    Rig rig;
    const auto error_of = [&](const HttpAnswer& refusal) {
        rig.answers = {refusal};
        rig.asked.clear();
        auto said = rig.error();
        CHECK(said.find("ghp_") == std::string::npos);
        return said;
    };
    CHECK(error_of(answer(401, R"({"message":"Bad credentials"})")) ==
          "GitHub's API answers 401 'Bad credentials'; the credential is wrong, expired or "
          "revoked");
    CHECK(error_of(answer(403)).find("'Administration: read'") != std::string::npos);
    CHECK(error_of(answer(404)).find("may not see it") != std::string::npos);
    CHECK(error_of(answer(429)).find("rate limit") != std::string::npos);
    CHECK(error_of(answer(301)).find("renamed") != std::string::npos);
    CHECK(error_of(answer(500, "<html>")) == "GitHub's API answers 500");
    CHECK(error_of(answer(200, "{\"total_count\":1")) ==
          "GitHub's list of runners is not JSON: incomplete JSON");
    rig.answers = {ReachFailure{.stage = ReachStage::tls, .what = "a:443: no"}};
    CHECK(rig.error() == "GitHub's API: a:443: no");
}

TEST_CASE("github_client: the wait that GitHub asks for, by its own clock, and never for ever") {
    Rig rig;
    const auto wait = [&](const HttpAnswer& limited) {
        rig.answers = {limited};
        rig.asked.clear();
        return rig.list().limits.wait;
    };
    const platform::HttpHeader none{"x-ratelimit-remaining", "0"};
    const platform::HttpHeader date{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"};  // 784111777
    CHECK(wait(answer(429, "{}", {{"Retry-After", "90"}})) == 90s);
    CHECK(wait(answer(403, "{}", {{"Retry-After", "30"}})) == 30s);
    CHECK(wait(answer(429, "{}", {{"Retry-After", "99999999999"}})) == 1h);
    CHECK(wait(answer(429, "{}", {{"Retry-After", "-5"}})) == 1s);
    CHECK(wait(answer(429, "{}", {{"Retry-After", "soon"}})) == 1min);
    CHECK(wait(answer(429)) == 1min);
    CHECK(wait(answer(403, "{}", {none, date, {"x-ratelimit-reset", "784112077"}})) == 300s);
    CHECK(wait(answer(403, "{}", {none, date, {"x-ratelimit-reset", "1"}})) == 1s);
    CHECK(wait(answer(403, "{}", {none, date, {"x-ratelimit-reset", "9223372036854775807"}})) ==
          1h);
    CHECK(wait(answer(200, page(0, 0, 0), {none, date, {"x-ratelimit-reset", "784111877"}})) ==
          100s);
    CHECK_FALSE(wait(answer(403)));
    CHECK_FALSE(wait(answer(503, "{}", {{"x-ratelimit-remaining", "1"}})));
}

TEST_CASE("github_client: a token's file is read for each list, and refused when it is none") {
    Rig rig;
    rig.answers = {answer(200, page(0, 0, 0))};
    REQUIRE(rig.list().list);
    rig.write_token("ghp_second");
    REQUIRE(rig.list().list);
    CHECK(header(rig.asked.back(), "Authorization") == "Bearer ghp_second");
    rig.write_token("ghp_third\nX-Smuggled: yes");
    CHECK(rig.error() == rig.settings.token_file + ": is not a token");
    ::chmod(rig.settings.token_file.c_str(), 0644);
    CHECK(rig.error().find("chmod 0640") != std::string::npos);
    std::filesystem::remove(rig.settings.token_file);
    CHECK_FALSE(rig.list().list);
    CHECK(rig.asked.size() == 2);
}
