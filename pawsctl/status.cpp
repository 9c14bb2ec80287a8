#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/find_runner.h"
#include "pawsctl/render_status.h"
#include "pawsctl/verbs.h"
#include "pawsctl/verdict.h"
#include "pawsctl/watch.h"

#include <memory>

namespace paws::pawsctl {

namespace {

int fail_early(const Failure& failure) {
    complain(failure.message);
    // An agent that answers and knows nothing yet: the state is unknown, not the agent's absence.
    return failure.agent_code == "unavailable" ? exit_unknown : failure.exit_code;
}

int show_json(const Answer& answer) {
    print_json(answer.result_text);
    return exit_code(verdict(answer.result, objects(answer.result, "runners")));
}

// The details of one runner are the agent's to give, so that this JSON is its own words too.
int show_runner_json(const Call& call, const std::string& name) {
    const auto asked = ask(call.address, "runner", {{"name", name}});
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail_early(*failure);
    }
    const auto& answer = std::get<Answer>(asked);
    print_json(answer.result_text);
    return exit_code(health_of(answer.result));
}

int show(const Call& call, const std::string& meant) {
    const auto asked = ask(call.address, "status");
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail_early(*failure);
    }
    const auto& answer = std::get<Answer>(asked);
    if (meant.empty() && call.json) {
        return show_json(answer);
    }
    auto runners = objects(answer.result, "runners");
    if (!meant.empty()) {
        const auto found = find_runner(answer.result, meant);
        if (!found) {
            complain(found.error().what);
            return exit_usage;
        }
        runners = {*found};
    }
    if (call.json) {
        return show_runner_json(call, text(*runners.front(), "name"));
    }
    print_lines(render_status(answer.result, runners, screen_of_output()));
    return exit_code(verdict(answer.result, runners));
}

}  // namespace

void add_status(CommandLine& line) {
    auto& verb =
        CommandLine::verb(line.app(), "status", "This host and its runners, on one screen");
    const auto runner = std::make_shared<std::string>();
    const auto watching = std::make_shared<bool>(false);
    verb.add_option("RUNNER", *runner, "Only this one: its name, its unit, or GitHub's name")
        ->type_name("");
    verb.add_flag("-w,--watch", *watching, "Redraw every 2 seconds; q ends");
    line.takes_address(verb);
    line.takes_json(verb);
    verb.footer(examples({"pawsctl status",
                          "pawsctl status --watch",
                          "pawsctl status build-01",
                          "pawsctl status --json | jq '.runners[] | select(.health != \"ok\")'"}) +
                "\n\nExit: 0 all well (no runners is well), 1 degraded, 2 failed, 3 unknown");
    line.does(verb, [runner, watching](const Call& call) {
        if (!*watching) {
            return show(call, *runner);
        }
        if (call.json || !output_can_redraw()) {
            complain(call.json ? "--watch draws for people; leave --json out"
                               : "--watch needs a terminal; for a file or a pipe repeat: pawsctl "
                                 "status");
            return exit_usage;
        }
        return watch(call, *runner);
    });
}

}  // namespace paws::pawsctl
