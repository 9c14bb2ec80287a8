#include "collectors/job_message.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;

namespace {

// Shaped as a V2 worker writes it, masked and indented.
std::string trace(const std::string& more = {}) {
    return R"json([2026-01-02 03:04:06Z INFO Worker] Version: 2.336.0
[2026-01-02 03:04:06Z INFO Worker] Message received.
[2026-01-02 03:04:06Z INFO Worker] Job message:
 {
  "messageType": "RunnerJobRequest",
  "plan": {"planId": "0a4b", "repository": "not/this"},
  "jobId": "2f9a",
  "jobDisplayName": "build (ubuntu, gcc-13)",
  "jobName": "__default",
  "requestId": 0,
  "variables": {
    "system.github.token": {"value": "***", "isSecret": true},
    "system.github.job": {"value": "build"},
    "system.runner.job": {"value": "other"}
  },
  "steps": [{"inputs": {"contextData": {"github": {"d": [{"k": "run_id", "v": "666"}]}}}}],
  "contextData": {
    "inputs": null,
    "github": {"t": 2, "d": [
      {"k": "repository", "v": "acme/widgets"},
      {"k": "run_number", "v": "7"},
      {"k": "event", "v": {"t": 2, "d": [{"k": "repository", "v": "evil/event"}]}},
      {"k": "workflow", "v": "CI"},
      {"k": "run_id", "v": "123456789"},
      {"k": "run_attempt", "v": "2"}
    ]}
  })json" + more +
           "\n}\n[2026-01-02 03:04:06Z INFO JobRunner] Job ID 2f9a\n";
}

}  // namespace

TEST_CASE("job_message: the words that say whose job it is, from their own places alone") {
    const auto message = parse_job_message(trace());
    CHECK(message.display_name == "build (ubuntu, gcc-13)");
    const auto identity = job_identity(message.words);
    REQUIRE(identity);
    CHECK(*identity == JobIdentity{.repository = "acme/widgets",
                                   .workflow = "CI",
                                   .job = "build",
                                   .run_id = 123456789,
                                   .run_attempt = 2});
}

TEST_CASE("job_message: a message cut at any byte gives no wrong word and no crash") {
    const auto whole = trace();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto identity = job_identity(parse_job_message(whole.substr(0, length)).words);
        const bool right = !identity || identity->repository == "acme/widgets";
        CHECK(right);
        CHECK((!identity || identity->run_id == 123456789));
    }
}

TEST_CASE("job_message: no message, no object, garbage, and depth without end") {
    for (const auto& text : {std::string{},
                             std::string{"no heading"},
                             std::string{"x] Job message:"},
                             std::string{"x] Job message:\n[1]"},
                             std::string{"x] Job message:\n{]}"},
                             "x] Job message:\n" + std::string(1'000'000, '{'),
                             "x] Job message:\n{\"a\":" + std::string(1'000'000, '['),
                             "x] Job message:\n{\"" + std::string(1'000'000, 'k')}) {
        CAPTURE(text.substr(0, 40));
        CHECK_FALSE(job_identity(parse_job_message(text).words));
    }
}

TEST_CASE("job_message: long values are cut, what a terminal would obey is not kept") {
    const auto message = parse_job_message(
        "x] Job message:\n{\"contextData\":{\"github\":{\"t\":2,\"d\":["
        "{\"k\":\"repository\",\"v\":\"a/\\u001b[2Jb\"},{\"k\":\"run_id\",\"v\":\"1\"},"
        "{\"k\":\"workflow\",\"v\":\"" +
        std::string(100'000, 'w') + "\"}]}}}");
    const auto identity = job_identity(message.words);
    REQUIRE(identity);
    CHECK(identity->repository == "a/\xEF\xBF\xBD[2Jb");
    CHECK(identity->workflow == std::string(256, 'w'));
}

TEST_CASE("job_identity: without a repository or a run there is none") {
    CHECK_FALSE(job_identity({.repository = "a/b", .run_id = ""}));
    CHECK_FALSE(job_identity({.repository = "a/b", .run_id = "0"}));
    CHECK_FALSE(job_identity({.repository = "a/b", .run_id = "-1"}));
    CHECK_FALSE(job_identity({.repository = "a/b", .run_id = "18446744073709551616"}));
    CHECK_FALSE(job_identity({.repository = "", .run_id = "1"}));
    CHECK(job_identity({.repository = "a/b", .run_id = "1", .run_attempt = "x"})->run_attempt == 0);
}
