#include "pawsctl/dot_env.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::pawsctl;

namespace {

const std::string started =
    "ACTIONS_RUNNER_HOOK_JOB_STARTED=/usr/libexec/paws-agent/job-started.sh";
const std::string completed =
    "ACTIONS_RUNNER_HOOK_JOB_COMPLETED=/usr/libexec/paws-agent/job-completed.sh";

}  // namespace

TEST_CASE(
    "dot_env: a line is what stands before and after the first '=', the last of a key counts") {
    const std::string text = "LANG=C.UTF-8\r\n=x\nA=\n#B=1\nC=a=b\nnothing\nLANG=de\nD=\"q\"";
    CHECK(env_lines(text).size() == 5);
    CHECK(env_value(text, "LANG") == "de");
    CHECK(env_value(text, "C") == "a=b");
    CHECK(env_value(text, "D") == "\"q\"");
    CHECK_FALSE(env_value(text, "A"));
    CHECK_FALSE(env_value("", "A"));
    CHECK(env_value("LANG=C\r\n", "LANG") == "C");
}

TEST_CASE("dot_env: the hooks are added once, and all else stays to the byte") {
    const std::string text = "LANG=C.UTF-8\r\n\n# mine\nhttps_proxy=http://p:3128";
    const auto change = with_hooks(text);
    REQUIRE(change);
    CHECK(change->text == text + "\n" + started + "\n" + completed + "\n");
    CHECK(change->lines == std::vector<std::string>{"+ " + started, "+ " + completed});
    CHECK(with_hooks(change->text)->lines.empty());
    CHECK(with_hooks(change->text)->text == change->text);
    CHECK(with_hooks("")->text == started + "\n" + completed + "\n");
    CHECK(with_hooks(started + "\n")->lines == std::vector<std::string>{"+ " + completed});
}

TEST_CASE("dot_env: a hook of somebody else is refused, with how to chain ours") {
    const auto refused = with_hooks("ACTIONS_RUNNER_HOOK_JOB_COMPLETED=/opt/clean.sh\n");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::denied);
    CHECK(refused.error().what.find("/opt/clean.sh") != std::string::npos);
    CHECK(refused.error().what.find("/usr/libexec/paws-agent/job-completed.sh || true") !=
          std::string::npos);
    CHECK(with_hooks(started + "\nACTIONS_RUNNER_HOOK_JOB_STARTED=/later.sh\n").error().code ==
          Errc::denied);
}

TEST_CASE("dot_env: only our own hooks are taken out, wherever they stand") {
    const std::string other = "ACTIONS_RUNNER_HOOK_JOB_STARTED=/opt/mine.sh\n";
    const auto change = without_hooks("A=1\n" + started + "\r\n" + other + completed);
    CHECK(change.text == "A=1\n" + other);
    CHECK(change.lines == std::vector<std::string>{"- " + started, "- " + completed});
    CHECK(without_hooks("A=1").text == "A=1");
    CHECK(without_hooks("").lines.empty());
}
