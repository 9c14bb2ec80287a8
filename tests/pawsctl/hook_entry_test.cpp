#include "pawsctl/hook_entry.h"

#include <map>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::pawsctl;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

std::map<std::string, std::string> sent(const Variables& variables,
                                        const HookEvent& event = job_started_hook) {
    const auto entry = hook_entry(event, [&](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional{found->second};
    });
    std::map<std::string, std::string> fields;
    for (const auto& [name, value] : entry) {
        CHECK(fields.emplace(name, value).second);
    }
    return fields;
}

}  // namespace

TEST_CASE("hook_entry: whose job it is, in fields of its own and in words") {
    const auto fields = sent({{"GITHUB_REPOSITORY", "acme/widgets"},
                              {"GITHUB_WORKFLOW", "CI"},
                              {"GITHUB_JOB", "build"},
                              {"GITHUB_RUN_ID", "123"},
                              {"GITHUB_RUN_ATTEMPT", "2"},
                              {"RUNNER_NAME", "build-01"},
                              {"GITHUB_TOKEN", "ghs_secret"},
                              {"ACTIONS_RUNTIME_TOKEN", "secret"},
                              {"GITHUB_ACTOR", "somebody"}});
    CHECK(fields == std::map<std::string, std::string>{
                        {"MESSAGE", "job-started: acme/widgets, run 123, build"},
                        {"MESSAGE_ID", std::string{job_started_hook.message_id}},
                        {"PRIORITY", "6"},
                        {"SYSLOG_IDENTIFIER", "pawsctl"},
                        {"PAWS_EVENT", "job-started"},
                        {"PAWS_REPOSITORY", "acme/widgets"},
                        {"PAWS_WORKFLOW", "CI"},
                        {"PAWS_JOB", "build"},
                        {"PAWS_RUN_ID", "123"},
                        {"PAWS_RUN_ATTEMPT", "2"},
                        {"PAWS_RUNNER_NAME", "build-01"}});
}

TEST_CASE(
    "hook_entry: a value cannot add a field, is bounded, and is left out when there is none") {
    const auto fields = sent({{"GITHUB_WORKFLOW", "CI\nPAWS_RUN_ID=666\nMESSAGE_ID=x"},
                              {"GITHUB_JOB", std::string(100'000, 'x')},
                              {"GITHUB_RUN_ID", ""}});
    CHECK(fields.at("PAWS_WORKFLOW").find('\n') == std::string::npos);
    CHECK(fields.at("PAWS_JOB").size() == 256);
    CHECK_FALSE(fields.contains("PAWS_RUN_ID"));
    for (const auto& [name, value] : fields) {
        CHECK(value.find('\n') == std::string::npos);
    }
}

TEST_CASE(
    "hook_entry: the two events have ids of their own, 32 hex digits as journald wants them") {
    CHECK(sent({}, job_completed_hook).at("PAWS_EVENT") == "job-completed");
    CHECK(job_started_hook.message_id != job_completed_hook.message_id);
    for (const auto& event : hook_events) {
        CHECK(event.message_id.size() == 32);
        CHECK(event.message_id.find_first_not_of("0123456789abcdef") == std::string_view::npos);
    }
}
