#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/find_runner.h"
#include "pawsctl/render_jobs.h"
#include "pawsctl/verbs.h"

#include <map>
#include <memory>

namespace paws::pawsctl {

namespace {

// As typed: the agent says what is wrong with them, the same for everybody who asks.
using Words = std::map<std::string, std::string>;

int jobs(const Call& call, const Words& words) {
    boost::json::object arguments;
    for (const auto& [key, word] : words) {
        if (!word.empty()) {
            arguments[key] = key == "runner" ? without_unit_affixes(word) : word;
        }
    }
    const auto asked = ask(call.address, "jobs", arguments);
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail(*failure);
    }
    print_answer(std::get<Answer>(asked), call.json, render_jobs);
    return exit_well;
}

}  // namespace

void add_jobs(CommandLine& line) {
    auto& verb = CommandLine::verb(line.app(), "jobs", "The jobs that run and those that ended");
    const auto words = std::make_shared<Words>();
    const auto takes = [&](const char* name, const char* type, const char* what) {
        verb.add_option("--" + std::string{name}, (*words)[name], what)->type_name(type);
    };
    takes("runner", "RUNNER", "Of this runner only");
    takes("limit", "NUMBER", "How many that ended, the newest first (50)");
    takes("since", "TIME", "That ended within this time: 24h, 7d");
    takes("result", "WORD", "With this result: failed, lost, canceled, ...");
    line.takes_address(verb);
    line.takes_json(verb);
    verb.footer(examples({"pawsctl jobs --since 24h --result failed",
                          "pawsctl jobs --runner build-01 --limit 5",
                          "pawsctl jobs --json | jq '.jobs[].usage.memory_peak_bytes'"}));
    line.does(verb, [words](const Call& call) { return jobs(call, *words); });
}

}  // namespace paws::pawsctl
