#include "core/text.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/hook_entry.h"
#include "pawsctl/verbs.h"

#include <chrono>
#include <cstdlib>
#include <exception>

namespace paws::pawsctl {

namespace {

// The scripts end it after 2 s; it should have said why before that.
constexpr std::chrono::milliseconds patience{1500};

std::optional<std::string> variable(std::string_view name) {
    const char* value = std::getenv(std::string{name}.c_str());  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

// Its exit code is the job's: a hook that fails, fails the job. Nothing here is worth that.
int tell(const HookEvent& event) {
    try {
        const auto sent = platform::send_to_journal(hook_entry(event, variable), patience);
        if (!sent) {
            complain("this job's " + std::string{event.name} +
                     " is not in the journal: " + printable(sent.error().what));
        }
    } catch (const std::exception& bug) {
        complain(printable(bug.what()));
    }
    return exit_well;
}

void add_event(CommandLine& line, CLI::App& verb, const HookEvent& event, const char* what) {
    auto& added = CommandLine::verb(verb, std::string{event.name}, what);
    added.footer(
        "Sends one entry to the journal: repository, workflow, job, run and runner.\n"
        "Exits with 0 whatever happens, within 2 seconds.\n\n" +
        examples({("pawsctl hook " + std::string{event.name}).c_str(),
                  ("journalctl -o cat MESSAGE_ID=" + std::string{event.message_id}).c_str()}));
    line.does(added, [event](const Call&) { return tell(event); });
}

}  // namespace

void add_hook(CommandLine& line) {
    auto& verb = CommandLine::verb(
        line.app(), "hook", "What job hooks run: tells the journal whose job it is");
    verb.require_subcommand(1);
    verb.footer(examples(
        {"pawsctl runners hook install build-01", std::string{job_started_hook.script}.c_str()}));
    add_event(line, verb, job_started_hook, "A job starts");
    add_event(line, verb, job_completed_hook, "A job has ended");
}

}  // namespace paws::pawsctl
