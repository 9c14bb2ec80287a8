#include "core/text.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/verbs.h"
#include "platform/program.h"

#include <memory>

#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

namespace paws::pawsctl {

namespace {

// The daemon reads its configuration; what it says and its exit code are the answer.
int check(const std::string& file, bool json) {
    const auto program = platform::find_program("paws-agent");
    if (!program) {
        complain(
            "paws-agent, which checks the configuration, is neither beside pawsctl nor in PATH");
        return exit_unreachable;
    }
    std::vector<std::string> arguments{"--check-config"};
    if (json) {
        arguments.emplace_back("--json");
    }
    if (!file.empty()) {
        arguments.insert(arguments.end(), {"--config", file});
    }
    complain(platform::become(*program, arguments).what);
    return exit_unreachable;
}

// The configuration may be long and it is the agent's text: shown line by line.
std::vector<std::string> lines_of(const boost::json::object& from, std::string_view key) {
    std::vector<std::string> lines;
    const auto* found = from.if_contains(key);
    const auto* held = found == nullptr ? nullptr : found->if_string();
    std::string_view rest;
    if (held != nullptr) {
        rest = {held->data(), held->size()};
    }
    while (!rest.empty()) {
        const auto line = take_until(rest, '\n');
        lines.push_back(printable(line, 3 * line.size()));
    }
    return lines;
}

int show(const Call& call) {
    const auto asked = ask(call.address, "config");
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        complain(failure->message);
        return failure->exit_code;
    }
    const auto& answer = std::get<Answer>(asked);
    if (call.json) {
        print_json(answer.result_text);
        return exit_well;
    }
    const auto files = texts(answer.result, "files");
    std::vector<std::string> lines;
    lines.reserve(files.size() + 1);
    for (const auto& file : files) {
        lines.push_back("# from " + file);
    }
    if (files.empty()) {
        lines.emplace_back("# no file was read: these are the defaults");
    }
    print_lines(lines);
    print_lines(lines_of(answer.result, "text"));
    return exit_well;
}

}  // namespace

void add_config(CommandLine& line) {
    auto& verb = CommandLine::verb(line.app(), "config", "The agent's configuration");
    verb.require_subcommand(1);
    verb.footer(examples({"pawsctl config check", "pawsctl config show"}));

    auto& checking =
        CommandLine::verb(verb, "check", "Say what is wrong with a file before it is used");
    const auto file = std::make_shared<std::string>();
    checking.add_option("FILE", *file, "Instead of /etc/paws-agent/agent.toml; conf.d beside it")
        ->type_name("");
    checking.footer(examples({"pawsctl config check", "pawsctl config check ./agent.toml"}) +
                    "\n\nExit: 0 nothing is wrong, 78 something is");
    line.takes_json(checking);
    line.does(checking, [file](const Call& call) { return check(*file, call.json); });

    auto& showing =
        CommandLine::verb(verb, "show", "What the running agent uses; secrets are hidden");
    line.takes_address(showing);
    line.takes_json(showing);
    showing.footer(examples({"pawsctl config show", "pawsctl config show > agent.toml"}));
    line.does(showing, show);
}

}  // namespace paws::pawsctl
