#include "collectors/command_line.h"

#include "core/text.h"

#include <algorithm>

namespace paws::collectors {

std::vector<std::string_view> program_words(std::string_view cmdline) {
    std::vector<std::string_view> words;
    while (!cmdline.empty() && words.size() < most_program_words) {
        words.push_back(take_until(cmdline, '\0').substr(0, longest_program_word));
    }
    return words;
}

bool is_program_of(std::string_view path, std::string_view root, std::string_view name) {
    while (root.size() > 1 && root.ends_with('/')) {
        root.remove_suffix(1);
    }
    if (path.size() < root.size() + name.size() || !path.starts_with(root) ||
        !path.ends_with(name)) {
        return false;
    }
    const auto middle = path.substr(root.size(), path.size() - root.size() - name.size());
    return middle == "/bin/" || (middle.starts_with("/bin.") && middle.ends_with('/') &&
                                 middle.find('/', 1) == middle.size() - 1);
}

bool name_a_script(std::span<const std::string_view> words,
                   std::span<const std::string_view> scripts) {
    return std::ranges::any_of(words, [&](std::string_view word) {
        const auto base = word.substr(word.rfind('/') + 1);
        return std::ranges::find(scripts, base) != scripts.end();
    });
}

}  // namespace paws::collectors
