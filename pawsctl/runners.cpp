#include "pawsctl/ask_runner.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/json_text.h"
#include "pawsctl/render_runner.h"
#include "pawsctl/verbs.h"

#include <memory>

namespace paws::pawsctl {

namespace {

std::vector<std::string> names(const boost::json::object& status) {
    std::vector<std::string> all;
    for (const auto* runner : objects(status, "runners")) {
        all.push_back(text(*runner, "name"));
    }
    return all;
}

int list(const Call& call, bool only_names) {
    const auto asked = ask(call.address, "status");
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail(*failure);
    }
    const auto& answer = std::get<Answer>(asked);
    if (call.json) {
        const auto runners = member_text(answer.result_text, "runners");
        print_json(R"({"version":1,"runners":)" + std::string{runners.empty() ? "[]" : runners} +
                   "}");
    } else if (only_names) {
        print_lines(names(answer.result));
    } else if (objects(answer.result, "runners").empty()) {
        print_lines({"no runners"});
    } else {
        print_lines(render_runner_list(answer.result, screen_of_output()));
    }
    return exit_well;
}

int show(const Call& call, const std::string& meant) {
    const auto asked = ask_runner(call.address, meant);
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail(*failure);
    }
    print_answer(std::get<Answer>(asked), call.json, render_runner);
    return exit_well;
}

}  // namespace

void add_runners(CommandLine& line) {
    auto& verb =
        CommandLine::verb(line.app(), "runners", "The runners of this host, and all about one");
    verb.require_subcommand(1);
    verb.footer(examples({"pawsctl runners list", "pawsctl runners show build-01"}));

    auto& listing = CommandLine::verb(verb, "list", "Every runner: names, state, health, version");
    const auto only_names = std::make_shared<bool>(false);
    listing.add_flag("--names", *only_names, "Only the names, one a line");
    line.takes_address(listing);
    line.takes_json(listing);
    listing.footer(examples({"pawsctl runners list",
                             "pawsctl runners list --names | xargs -n1 pawsctl runners show",
                             "pawsctl runners list --json | jq -r '.runners[].unit'"}));
    line.does(listing, [only_names](const Call& call) { return list(call, *only_names); });

    auto& showing =
        CommandLine::verb(verb, "show", "What is known of one runner, and why it is judged so");
    const auto meant = std::make_shared<std::string>();
    showing.add_option("RUNNER", *meant, "Its name, its unit, or GitHub's name")
        ->type_name("")
        ->required();
    line.takes_address(showing);
    line.takes_json(showing);
    showing.footer(examples({"pawsctl runners show acme-widgets.build-01",
                             "pawsctl runners show build-01 --json | jq .evidence"}));
    line.does(showing, [meant](const Call& call) { return show(call, *meant); });

    add_wishes(line, verb);
    add_runners_hook(line, verb);
}

}  // namespace paws::pawsctl
