#include "pawsctl/completion_words.h"

#include "pawsctl/words.h"

namespace paws::pawsctl {

std::string names_of(const std::vector<CompletedWord>& words) {
    std::vector<std::string> names;
    names.reserve(words.size());
    for (const auto& word : words) {
        names.push_back(word.name);
    }
    return joined(names, " ");
}

}  // namespace paws::pawsctl
