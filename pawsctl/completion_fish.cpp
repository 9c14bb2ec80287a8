#include "pawsctl/completion_scripts.h"
#include "pawsctl/completion_words.h"
#include "pawsctl/shell_word.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <string_view>

namespace paws::pawsctl {

namespace {

// "runners show" is reached when both words stand on the line; the last has no verb after it yet.
std::string fish_condition(const CompletedVerb& verb) {
    std::string_view path{verb.path};
    path.remove_prefix(std::min(path.find(' ') + 1, path.size()));
    std::vector<std::string> conditions;
    if (path == verb.path) {
        return "__fish_use_subcommand";
    }
    while (!path.empty()) {
        const auto word = path.substr(0, path.find(' '));
        conditions.push_back("__fish_seen_subcommand_from " + std::string{word});
        path.remove_prefix(std::min(word.size() + 1, path.size()));
    }
    if (!verb.verbs.empty()) {
        conditions.push_back("not __fish_seen_subcommand_from " + names_of(verb.verbs));
    }
    return joined(conditions, "; and ");
}

std::string fish_value(Completes kind) {
    switch (kind) {
        case Completes::nothing:
            return " -x";
        case Completes::file:
            return " -r -F";
        case Completes::runner:
            return " -x -a " + shell_quoted("(" + std::string{list_names} + ")");
        case Completes::level:
            return " -x -a " + shell_quoted(level_names);
    }
    return "";
}

void add_fish_lines(std::string& script, const CompletedVerb& verb) {
    const auto begin = "complete -c pawsctl -n " + shell_quoted(fish_condition(verb));
    for (const auto& inner : verb.verbs) {
        script += begin + " -a " + inner.name + " -d " + shell_quoted(inner.what) + "\n";
    }
    for (const auto& option : verb.options) {
        script += begin + " -l " + option.name.substr(2) + " -d " + shell_quoted(option.what);
        script += !option.takes_value ? "" : fish_value(option.value);
        script += "\n";
    }
    if (verb.positional == Completes::runner) {
        script += begin + " -a " + shell_quoted("(" + std::string{list_names} + ")") + "\n";
    }
    if (verb.positional == Completes::file) {
        script += begin + " -F\n";
    }
}

}  // namespace

std::string fish_completion(const std::vector<CompletedVerb>& verbs) {
    std::string script{
        "# fish completion for pawsctl; made by: pawsctl completion fish\n"
        "complete -c pawsctl -f\n"};
    for (const auto& verb : verbs) {
        add_fish_lines(script, verb);
    }
    return script;
}

}  // namespace paws::pawsctl
