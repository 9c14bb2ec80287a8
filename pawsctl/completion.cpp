#include "pawsctl/completion_scripts.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/verbs.h"

#include <algorithm>
#include <array>

namespace paws::pawsctl {

namespace {

// By the names that the command line gives to values: PATH, FILE, RUNNER, LEVEL.
Completes kind_of(const std::string& value) {
    return value == "PATH" || value == "FILE" || value == "DIR" ? Completes::file
           : value == "RUNNER"                                  ? Completes::runner
           : value == "LEVEL"                                   ? Completes::level
                                                                : Completes::nothing;
}

std::vector<const CLI::App*> inner_verbs(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

CompletedVerb completed(const CLI::App& app, const std::string& path) {
    CompletedVerb verb;
    verb.path = path;
    for (const auto* inner : inner_verbs(app)) {
        verb.verbs.push_back({inner->get_name(), inner->get_description(), false, {}});
    }
    for (const auto* option : app.get_options()) {
        if (option->get_positional()) {
            verb.positional = kind_of(option->get_name(true));
        }
        for (const auto& name : option->get_lnames()) {
            verb.options.push_back({"--" + name,
                                    option->get_description(),
                                    option->get_items_expected_max() > 0,
                                    kind_of(option->get_type_name())});
        }
    }
    return verb;
}

void collect(const CLI::App& app, const std::string& path, std::vector<CompletedVerb>& all) {
    all.push_back(completed(app, path));
    for (const auto* inner : inner_verbs(app)) {
        collect(*inner, path + " " + inner->get_name(), all);
    }
}

struct Shell {
    const char* name;
    std::string (*script)(const std::vector<CompletedVerb>&);
    const char* file;
};
constexpr std::array shells{
    Shell{"bash", bash_completion, "/usr/share/bash-completion/completions/pawsctl"},
    Shell{"zsh", zsh_completion, "/usr/local/share/zsh/site-functions/_pawsctl"},
    Shell{"fish", fish_completion, "/usr/share/fish/vendor_completions.d/pawsctl.fish"},
};

}  // namespace

void add_completion(CommandLine& line) {
    auto& verb =
        CommandLine::verb(line.app(), "completion", "A script that completes pawsctl in a shell");
    verb.require_subcommand(1);
    verb.footer(examples({"source <(pawsctl completion bash)",
                          "pawsctl completion fish > ~/.config/fish/completions/pawsctl.fish"}));
    for (const auto& shell : shells) {
        auto& one = CommandLine::verb(verb, shell.name, std::string{"For "} + shell.name);
        const auto to_file = "pawsctl completion " + std::string{shell.name} + " > " + shell.file;
        one.footer(examples({to_file.c_str()}));
        line.does(one, [&app = line.app(), script = shell.script](const Call&) {
            std::vector<CompletedVerb> all;
            collect(app, "pawsctl", all);
            auto text = script(all);
            text.pop_back();  // the end of its last line, which print_lines() adds
            print_lines({text});
            return exit_well;
        });
    }
}

}  // namespace paws::pawsctl
