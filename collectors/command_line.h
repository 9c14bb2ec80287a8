// Command line: the words that a process says it was started with (/proc/PID/cmdline, proc(5)).
// Anybody writes there what he likes, of any length. Pure.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace paws::collectors {

inline constexpr std::size_t most_program_words = 4;
inline constexpr std::size_t longest_program_word = 4096;  // PATH_MAX: no longer one is a program

// The first words, cut where they are too long: enough to tell a program and the script it runs.
std::vector<std::string_view> program_words(std::string_view cmdline);

// "/opt/r/bin.2.336.0/Runner.Listener" is Runner.Listener of /opt/r; so is plain bin.
bool is_program_of(std::string_view path, std::string_view root, std::string_view name);

// Whether one of `words` is the path of a file with one of these names.
bool name_a_script(std::span<const std::string_view> words,
                   std::span<const std::string_view> scripts);

}  // namespace paws::collectors
