#include "actions/handover.h"

#include "core/runner_unit.h"
#include "core/text.h"

#include <algorithm>

namespace paws::actions {

namespace {

// A unit's name may have a colon, a descriptor's may not; no unit's name has a slash.
std::string replaced(std::string text, char from, char to) {
    std::ranges::replace(text, from, to);
    return text;
}

}  // namespace

std::string to_text(const Handover& handover) {
    std::string text = handover.runner + "\n" + handover.root + "\n";
    for (const auto part : handover.parts) {
        text += std::string{text.ends_with('\n') ? "" : " "}.append(platform::to_string(part));
    }
    return text;
}

Result<Handover> parse_handover(std::string_view text) {
    Handover handover{.runner = std::string{take_until(text, '\n')},
                      .root = std::string{take_until(text, '\n')},
                      .parts = {}};
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
        const auto part = platform::runner_part(word);
        if (!part || std::ranges::find(handover.parts, *part) != handover.parts.end()) {
            return Error{Errc::malformed, printable(word) + ": is no part of a runner"};
        }
        handover.parts.push_back(*part);
    }
    if (!is_instance(handover.runner) || !handover.root.starts_with('/') ||
        handover.parts.empty()) {
        return Error{Errc::malformed, "this is no handover of a runner's directories"};
    }
    return handover;
}

std::string descriptor_name(const std::string& runner, platform::RunnerPart part) {
    return std::string{platform::to_string(part)} + "@" + replaced(runner, ':', '/');
}

std::optional<DescriptorOf> parse_descriptor_name(std::string_view name) {
    const auto part = platform::runner_part(take_until(name, '@'));
    auto runner = replaced(std::string{name}, '/', ':');
    return part && is_instance(runner)
               ? std::optional{DescriptorOf{.runner = std::move(runner), .part = *part}}
               : std::nullopt;
}

}  // namespace paws::actions
