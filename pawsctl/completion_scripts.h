// Completion scripts: what a shell needs to complete pawsctl, from its own command line. Pure.

#pragma once

#include <string>
#include <vector>

namespace paws::pawsctl {

enum class Completes { nothing, file, runner, level };

struct CompletedWord {
    std::string name;  // "status", "--socket"
    std::string what;
    bool takes_value = false;
    Completes value = Completes::nothing;
};

// One verb with all that may follow it.
struct CompletedVerb {
    std::string path;  // "pawsctl runners show"
    std::vector<CompletedWord> verbs;
    std::vector<CompletedWord> options;
    Completes positional = Completes::nothing;
};

std::string bash_completion(const std::vector<CompletedVerb>& verbs);
std::string zsh_completion(const std::vector<CompletedVerb>& verbs);
std::string fish_completion(const std::vector<CompletedVerb>& verbs);

}  // namespace paws::pawsctl
