#include "core/duration.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/log_state.h"
#include "pawsctl/render_logs.h"
#include "pawsctl/verbs.h"
#include "platform/system_clock.h"

#include <chrono>
#include <cstdint>
#include <thread>

namespace paws::pawsctl {

namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 200ms;
constexpr std::chrono::milliseconds longest_trial{30'000};

int fail_early(const Failure& failure) {
    complain(failure.message);
    // The agent has just started, and knows nothing yet or nothing of a trial before.
    const bool too_early = failure.agent_code == "unavailable" || failure.agent_code == "not_found";
    return too_early ? exit_unknown : failure.exit_code;
}

int status(const Call& call) {
    const auto asked = ask(call.address, "logs");
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail_early(*failure);
    }
    const auto& answer = std::get<Answer>(asked);
    print_answer(answer, call.json, render_logs);
    return exit_code(logs_verdict(answer.result));
}

int exit_code_of(const boost::json::object& trial) {
    return !flag(trial, "pushed").value_or(false) ? exit_failed
           : text(trial, "found") == "yes"        ? exit_well
                                                  : exit_degraded;
}

int tell(const Call& call, const Answer& trial) {
    print_answer(trial, call.json, render_trial);
    return exit_code_of(trial.result);
}

int test(const Call& call) {
    const auto patience = call.address.chosen_patience.value_or(longest_trial);
    const auto deadline = platform::now().boot + patience;
    auto asked = ask(call.address, "logs_test");
    while (const auto* answer = std::get_if<Answer>(&asked)) {
        const auto trial = number(answer->result, "trial");
        if (!trial) {
            complain("what listens there is no paws-agent: its answer names no trial");
            return exit_unreachable;
        }
        if (!flag(answer->result, "running").value_or(true)) {
            return tell(call, *answer);
        }
        if (platform::now().boot >= deadline) {
            complain("Loki has not answered within " + duration_text(patience) +
                     "; wait longer with --timeout, and see: pawsctl logs status");
            return exit_unknown;
        }
        std::this_thread::sleep_for(look_every);
        asked = ask(call.address, "logs_test", {{"trial", static_cast<std::uint64_t>(*trial)}});
    }
    return fail_early(std::get<Failure>(asked));
}

void add_status_of_logs(CommandLine& line, CLI::App& logs) {
    auto& verb = CommandLine::verb(logs, "status", "How far logs are, what is lost, and why");
    line.takes_address(verb);
    line.takes_json(verb);
    verb.footer(examples({"pawsctl logs status", "pawsctl logs status --json | jq .counts"}) +
                "\n\nExit: 0 shipping, or not configured; 1 retrying, late or in part,\n"
                "2 paused, 3 not known (yet)");
    line.does(verb, status);
}

void add_test(CommandLine& line, CLI::App& logs) {
    auto& verb = CommandLine::verb(logs, "test", "Send Loki one line and look for it there");
    line.takes_address(verb);
    line.takes_json(verb);
    verb.footer(examples({"pawsctl logs test", "pawsctl logs test --timeout 2m"}) +
                "\n\nExit: 0 sent and found, 1 sent and not seen there, 2 not sent,\n"
                "3 no answer of Loki in time (30s)");
    line.does(verb, test);
}

}  // namespace

void add_logs(CommandLine& line) {
    auto& verb = CommandLine::verb(line.app(), "logs", "Logs on their way to Loki");
    verb.require_subcommand(1);
    verb.footer(examples(
        {"pawsctl logs status", "pawsctl logs test", "pawsctl logs follow --level error"}));
    add_status_of_logs(line, verb);
    add_test(line, verb);
    add_follow(line, verb);
}

}  // namespace paws::pawsctl
