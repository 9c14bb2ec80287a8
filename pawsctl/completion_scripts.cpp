#include "pawsctl/completion_scripts.h"

#include "pawsctl/completion_words.h"
#include "pawsctl/shell_word.h"
#include "pawsctl/words.h"

#include <map>
#include <string_view>

namespace paws::pawsctl {

namespace {

using Verbs = std::vector<CompletedVerb>;

std::string replaced(std::string_view pattern, const std::map<std::string, std::string>& by) {
    std::string text{pattern};
    for (const auto& [mark, value] : by) {
        for (auto at = text.find(mark); at != std::string::npos;
             at = text.find(mark, at + value.size())) {
            text.replace(at, mark.size(), value);
        }
    }
    return text;
}

std::string_view word_of(Completes kind) {
    switch (kind) {
        case Completes::nothing:
            return "nothing";
        case Completes::file:
            return "file";
        case Completes::runner:
            return "runner";
        case Completes::level:
            return "level";
    }
    return "nothing";
}

// Alternatives of a case: every verb by its path, in quotes.
std::string all_paths(const Verbs& verbs) {
    std::vector<std::string> paths;
    for (const auto& verb : verbs) {
        for (const auto& inner : verb.verbs) {
            paths.push_back("'" + verb.path + " " + inner.name + "'");
        }
    }
    return joined(paths, "|");
}

std::map<std::string, Completes> value_options(const Verbs& verbs) {
    std::map<std::string, Completes> all;
    for (const auto& verb : verbs) {
        for (const auto& option : verb.options) {
            if (option.takes_value) {
                all.emplace(option.name, option.value);
            }
        }
    }
    return all;
}

std::string value_names(const Verbs& verbs) {
    std::vector<std::string> names;
    for (const auto& [name, kind] : value_options(verbs)) {
        names.push_back(name);
    }
    return joined(names, "|");
}

// Cases of "what does the option before the cursor take"; `words_begin` and `words_end` enclose the
// words where it takes one of a few.
std::string value_cases(const Verbs& verbs,
                        std::string_view words_begin,
                        std::string_view words_end) {
    std::string cases;
    for (const auto& [name, kind] : value_options(verbs)) {
        cases.append("        (").append(name).append(") kind=").append(word_of(kind));
        if (kind == Completes::level) {
            cases.append(" verbs=").append(words_begin).append(level_names).append(words_end);
        }
        cases.append(" ;;\n");
    }
    return cases;
}

std::string bash_cases(const Verbs& verbs) {
    std::string cases;
    for (const auto& verb : verbs) {
        cases.append("        ('" + verb.path + "') kind=")
            .append(word_of(verb.positional))
            .append(" verbs='" + names_of(verb.verbs) + "'")
            .append(" options='" + names_of(verb.options) + "' ;;\n");
    }
    return cases;
}

std::string zsh_list(const std::vector<CompletedWord>& words) {
    std::string list;
    for (const auto& word : words) {
        list.append("            ")
            .append(shell_quoted(word.name + ":" + replaced(word.what, {{":", "\\:"}})))
            .append("\n");
    }
    return list;
}

std::string zsh_cases(const Verbs& verbs) {
    std::string cases;
    for (const auto& verb : verbs) {
        cases.append("        ('" + verb.path + "')\n            kind=")
            .append(word_of(verb.positional))
            .append("\n            verbs=(\n" + zsh_list(verb.verbs) + "            )\n")
            .append("            options=(\n" + zsh_list(verb.options) + "            )\n")
            .append("            ;;\n");
    }
    return cases;
}

// Names of runners are offered by hand: compgen -W would expand what stands in them.
constexpr std::string_view bash_script =
    R"script(# bash completion for pawsctl; made by: pawsctl completion bash
_pawsctl() {
    local current=${COMP_WORDS[COMP_CWORD]} at=pawsctl word value= kind=nothing verbs= options= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [[ $word == '=' ]] && continue
        if [[ -n $value ]]; then
            value=
            continue
        fi
        case $word in
            (@value_names@) value=$word ;;
        esac
        case "$at $word" in
            (@paths@) at="$at $word" ;;
        esac
    done
    [[ $current == '=' ]] && current=
    case ${value:-$at} in
@value_cases@@cases@    esac
    [[ $current == -* || $kind == nothing && -z $verbs ]] && verbs=$options kind=nothing
    COMPREPLY=($(compgen -W "$verbs" -- "$current"))
    if [[ $kind == file ]]; then
        while IFS= read -r word; do
            COMPREPLY+=("$word")
        done < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null
    elif [[ $kind == runner ]]; then
        while IFS= read -r word; do
            [[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
        done < <(@list_names@)
    fi
}
complete -F _pawsctl pawsctl
)script";

constexpr std::string_view zsh_script = R"script(#compdef pawsctl
# zsh completion for pawsctl; made by: pawsctl completion zsh
_pawsctl() {
    local at=pawsctl word value= kind=nothing
    local -a verbs options names
    for word in "${(@)words[2,CURRENT-1]}"; do
        if [[ -n $value ]]; then
            value=
            continue
        fi
        case $word in
            (@value_names@) value=$word ;;
        esac
        case "$at $word" in
            (@paths@) at="$at $word" ;;
        esac
    done
    case ${value:-$at} in
@value_cases@@cases@    esac
    (( $#verbs )) && _describe verb verbs
    (( $#options )) && _describe -o option options
    if [[ $kind == file ]]; then
        _files
    elif [[ $kind == runner ]]; then
        names=(${(f)"$(@list_names@)"})
        compadd -a names
    fi
}
if [[ $funcstack[1] == _pawsctl ]]; then
    _pawsctl "$@"
else
    compdef _pawsctl pawsctl
fi
)script";

}  // namespace

std::string bash_completion(const Verbs& verbs) {
    return replaced(bash_script,
                    {{"@value_names@", value_names(verbs)},
                     {"@paths@", all_paths(verbs)},
                     {"@value_cases@", value_cases(verbs, "'", "'")},
                     {"@cases@", bash_cases(verbs)},
                     {"@list_names@", std::string{list_names}}});
}

std::string zsh_completion(const Verbs& verbs) {
    return replaced(zsh_script,
                    {{"@value_names@", value_names(verbs)},
                     {"@paths@", all_paths(verbs)},
                     {"@value_cases@", value_cases(verbs, "(", ")")},
                     {"@cases@", zsh_cases(verbs)},
                     {"@list_names@", std::string{list_names}}});
}

}  // namespace paws::pawsctl
