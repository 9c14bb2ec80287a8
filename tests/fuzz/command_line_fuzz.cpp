#include "collectors/command_line.h"
#include "collectors/process_roles.h"
#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <array>

using namespace paws;

namespace {

constexpr std::array<std::string_view, 3> scripts{"run-helper.sh", "RunnerService.js", "run.sh"};

bool is_well_formed(std::string_view word, std::string_view input) {
    return word.size() <= collectors::longest_program_word &&
           word.find('\0') == std::string_view::npos && word.data() >= input.data() &&
           word.data() + word.size() <= input.data() + input.size();
}

}  // namespace

bool paws::fuzz::accepts(std::string_view input) {
    const auto words = collectors::program_words(input);
    require(words.size() <= collectors::most_program_words);
    require(std::ranges::all_of(words, [&](auto word) { return is_well_formed(word, input); }));
    const bool is_listener =
        words.size() > 1 && words[1] == "run" &&
        collectors::is_program_of(words[0], "/opt/r", collectors::listener_comm);
    require(!is_listener || words[0].starts_with("/opt/r/bin"));
    return is_listener || collectors::name_a_script(words, scripts);
}
