// Handover: what paws-open@ sends to the agent: one message with the runner's name, its root and
// the parts whose descriptors go along, in their order; the agent answers "kept". Pure.

#pragma once

#include "core/result.h"
#include "platform/runner_directories.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace paws::actions {

inline constexpr std::string_view handover_socket = "handover.sock";  // in the agent's runtime_dir
inline constexpr std::string_view handover_answer = "kept";
inline constexpr std::size_t longest_handover = 8192;

struct Handover {
    std::string runner;
    std::string root;
    std::vector<platform::RunnerPart> parts;

    bool operator==(const Handover&) const = default;
};

// "acme.build-01\n/home/build/runner\nroot diag work"
std::string to_text(const Handover& handover);
Result<Handover> parse_handover(std::string_view text);

// The name of a descriptor in the agent's fd store, "diag@acme.build-01", and what it says.
std::string descriptor_name(const std::string& runner, platform::RunnerPart part);
struct DescriptorOf {
    std::string runner;
    platform::RunnerPart part = platform::RunnerPart::root;

    bool operator==(const DescriptorOf&) const = default;
};
std::optional<DescriptorOf> parse_descriptor_name(std::string_view name);

}  // namespace paws::actions
