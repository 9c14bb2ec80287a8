// Job hook: the journal entry that a runner's hooks send when a job starts and ends, and who reads
// it. journald adds who sent it; what the fields say is the job's own word
// (systemd.journal-fields(7)).

#pragma once

#include <array>
#include <string_view>

namespace paws {

struct HookEvent {
    std::string_view name;        // PAWS_EVENT, and the verb: `pawsctl hook job-started`
    std::string_view message_id;  // for `journalctl MESSAGE_ID=...`
    std::string_view script;      // what the runner is told to run
    std::string_view setting;     // the line of its `.env` that tells it
};

inline constexpr HookEvent job_started_hook{.name = "job-started",
                                            .message_id = "6eabd912105b457a9a68742bd1f44ab1",
                                            .script = "/usr/libexec/paws-agent/job-started.sh",
                                            .setting = "ACTIONS_RUNNER_HOOK_JOB_STARTED"};
inline constexpr HookEvent job_completed_hook{.name = "job-completed",
                                              .message_id = "132c695980f04668b1e18228f5979e1d",
                                              .script = "/usr/libexec/paws-agent/job-completed.sh",
                                              .setting = "ACTIONS_RUNNER_HOOK_JOB_COMPLETED"};
inline constexpr std::array hook_events{job_started_hook, job_completed_hook};

// A field of the entry, and the variable of the job's environment that it is taken from.
struct HookField {
    std::string_view name;
    std::string_view variable;
};
inline constexpr HookField hook_repository{"PAWS_REPOSITORY", "GITHUB_REPOSITORY"};
inline constexpr HookField hook_workflow{"PAWS_WORKFLOW", "GITHUB_WORKFLOW"};
inline constexpr HookField hook_job{"PAWS_JOB", "GITHUB_JOB"};
inline constexpr HookField hook_run_id{"PAWS_RUN_ID", "GITHUB_RUN_ID"};
inline constexpr HookField hook_run_attempt{"PAWS_RUN_ATTEMPT", "GITHUB_RUN_ATTEMPT"};
inline constexpr HookField hook_runner_name{"PAWS_RUNNER_NAME", "RUNNER_NAME"};
inline constexpr std::array hook_fields{
    hook_repository, hook_workflow, hook_job, hook_run_id, hook_run_attempt, hook_runner_name};

}  // namespace paws
