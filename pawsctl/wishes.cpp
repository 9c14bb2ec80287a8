// Wishes: `runners drain`, `hold` and `resume`, and waiting for what comes of them.

#include "core/duration.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/find_runner.h"
#include "pawsctl/human.h"
#include "pawsctl/verbs.h"
#include "platform/system_clock.h"

#include <cstdlib>
#include <memory>
#include <thread>

#include <unistd.h>

namespace paws::pawsctl {

namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 500ms;

struct Wanted {
    std::string verb;
    std::string runner;
    std::string note;
    std::string span;  // of a hold
    bool force = false;
    bool waits = false;
    std::string patience;  // with what comes of it
};

// Who is behind sudo, else whoever the session is of. It is shown, nothing depends on it.
std::string who() {
    for (const auto* name : {"SUDO_USER", "USER", "LOGNAME"}) {
        const char* user = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
        if (user != nullptr && *user != '\0') {
            return user;
        }
    }
    return "uid " + std::to_string(::geteuid());
}

boost::json::object arguments(const Wanted& wanted) {
    boost::json::object asked{{"name", wanted.runner}, {"by", who()}};
    if (!wanted.note.empty()) {
        asked["note"] = wanted.note;
    }
    if (!wanted.span.empty()) {
        asked["for"] = wanted.span;
    }
    if (wanted.force) {
        asked["force"] = true;
    }
    return asked;
}

bool is_reached(const Wanted& wanted, const std::string& state) {
    const bool down = state == "stopped" || state == "done" || state == "unregistered";
    return wanted.verb == "resume" ? !down && state != "starting" : down;
}

// What a person waits for: the state, the job that is still to end, what is in the way.
std::string progress(const boost::json::object& runner) {
    auto line = text(runner, "state");
    if (const auto job = text(object(runner, "job"), "name"); !job.empty()) {
        line += ", runs " + job;
    }
    if (const auto trouble = text(object(runner, "wish"), "trouble"); !trouble.empty()) {
        line += "; cannot be stopped: " + trouble;
    }
    return line;
}

int tell(const std::string& name, const std::string& what) {
    print_lines({name + ": " + what});
    return exit_well;
}

// What has come of it, as `runners show` has it.
int show_json(const Call& call, const std::string& name) {
    const auto asked = ask(call.address, "runner", {{"name", name}});
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail(*failure);
    }
    print_json(std::get<Answer>(asked).result_text);
    return exit_well;
}

int wait_for(const Call& call, const Wanted& wanted, const std::string& name) {
    const auto deadline = platform::now().boot + *parse_duration(wanted.patience);
    std::string told;
    while (platform::now().boot < deadline) {
        const auto asked = ask(call.address, "status");
        if (const auto* failure = std::get_if<Failure>(&asked)) {
            return fail(*failure);
        }
        const auto found = find_runner(std::get<Answer>(asked).result, name);
        if (!found) {
            complain(found.error().what);
            return exit_usage;
        }
        const auto& runner = **found;
        if (is_reached(wanted, text(runner, "state"))) {
            return call.json ? show_json(call, name)
                             : tell(name, text(runner, "state") + ", " + text(runner, "reason"));
        }
        if (const auto line = progress(runner); line != told && !call.json) {
            tell(name, line);
            told = line;
        }
        std::this_thread::sleep_for(look_every);
    }
    complain(name + " is not there yet after " + wanted.patience +
             (told.empty() ? "" : ": " + told) + "; what was asked stays in force");
    return exit_later;
}

std::string confirmation(const Wanted& wanted, const std::string& name) {
    if (wanted.verb == "resume") {
        return name + " is started again";
    }
    const auto until = wanted.verb == "hold"
                           ? ", for " + wanted.span
                           : std::string{", until `pawsctl runners resume "} + name + "`";
    return name + " takes no job after the one that runs" + until;
}

int carry_out(const Call& call, const Wanted& wanted) {
    const auto asked = ask(call.address, wanted.verb, arguments(wanted));
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail(*failure);
    }
    const auto& answer = std::get<Answer>(asked);
    const auto name = text(answer.result, "runner");
    if (const auto why = text(answer.result, "not_kept"); !why.empty()) {
        complain("it is in force, but a restart of paws-agent would forget it: " + why);
    }
    if (wanted.waits) {
        return wait_for(call, wanted, name);
    }
    if (call.json) {
        print_json(answer.result_text);
    } else {
        print_lines({confirmation(wanted, name)});
    }
    return exit_well;
}

void add(CommandLine& line,
         CLI::App& verb,
         const std::shared_ptr<Wanted>& wanted,
         const char* until) {
    verb.add_option("RUNNER", wanted->runner, "Its name, its unit, or GitHub's name")
        ->type_name("")
        ->required();
    verb.add_flag("--wait", wanted->waits, until);
    wanted->patience = "10m";
    verb.add_option("--patience", wanted->patience, "How long to wait, with --wait (10m)")
        ->type_name("TIME")
        ->check(check_span);
    line.takes_address(verb);
    line.takes_json(verb);
    line.does(verb, [wanted](const Call& call) { return carry_out(call, *wanted); });
}

std::shared_ptr<Wanted> wanted_by(const char* verb) {
    auto wanted = std::make_shared<Wanted>();
    wanted->verb = verb;
    return wanted;
}

}  // namespace

void add_wishes(CommandLine& line, CLI::App& runners) {
    auto& draining =
        CommandLine::verb(runners, "drain", "Let its job end, then stop it: it takes no other");
    const auto drain = wanted_by("drain");
    add(line, draining, drain, "Until it is stopped");
    draining.add_option("--note", drain->note, "Why, for whoever asks")->type_name("TEXT");
    draining.footer(examples({"pawsctl runners drain build-01 --wait --note 'new disk'",
                              "pawsctl runners drain build-01 --wait --patience 2h"}));

    auto& holding = CommandLine::verb(runners, "hold", "Drain it, and start it again after a time");
    const auto hold = wanted_by("hold");
    add(line, holding, hold, "Until it is stopped");
    holding.add_option("--for", hold->span, "How long: 30m, 8h, at most 30d")
        ->type_name("TIME")
        ->check(check_span)
        ->required();
    holding.add_option("--note", hold->note, "Why, for whoever asks")->type_name("TEXT");
    holding.footer(examples({"pawsctl runners hold build-01 --for 30m --note 'kernel update'"}));

    auto& resuming =
        CommandLine::verb(runners, "resume", "Take a drain or hold back and start the runner");
    const auto resume = wanted_by("resume");
    add(line, resuming, resume, "Until it listens");
    resuming.add_flag("--force", resume->force, "Although the agent says that it is not fit");
    resuming.add_option("--reason", resume->note, "Why it is forced")->type_name("TEXT");
    resuming.footer(
        examples({"pawsctl runners resume build-01 --wait",
                  "pawsctl runners resume build-01 --force --reason 'disk is swapped'"}));
}

}  // namespace paws::pawsctl
