#include "pawsctl/dot_env.h"

#include "core/text.h"

#include <algorithm>

namespace paws::pawsctl {

namespace {

std::string line_of(const HookEvent& event) {
    return std::string{event.setting} + "=" + std::string{event.script};
}

// A line with its end; the last may have none.
std::string_view take_line(std::string_view& rest) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1);
    const auto line = rest.substr(0, end + 1);
    rest.remove_prefix(line.size());
    return line;
}

Error foreign(const HookEvent& event, const std::string& value) {
    return {Errc::denied,
            std::string{event.setting} + " is already " + printable(value) +
                ", and a runner has one hook of a kind; let that script run this one as well: " +
                std::string{event.script} + " || true"};
}

}  // namespace

std::vector<EnvLine> env_lines(std::string_view text) {
    std::vector<EnvLine> lines;
    while (!text.empty()) {
        auto line = take_until(text, '\n');
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        const auto equals = line.find('=');
        if (equals != std::string_view::npos && equals > 0 && equals + 1 < line.size()) {
            lines.push_back({.key = line.substr(0, equals), .value = line.substr(equals + 1)});
        }
    }
    return lines;
}

std::optional<std::string> env_value(std::string_view text, std::string_view key) {
    std::optional<std::string> value;
    for (const auto& line : env_lines(text)) {
        if (line.key == key) {
            value = std::string{line.value};
        }
    }
    return value;
}

Result<EnvChange> with_hooks(std::string_view text) {
    EnvChange change{.text = std::string{text}, .lines = {}};
    for (const auto& event : hook_events) {
        const auto value = env_value(text, event.setting);
        if (value == event.script) {
            continue;
        }
        if (value) {
            return foreign(event, *value);
        }
        if (!change.text.empty() && !change.text.ends_with('\n')) {
            change.text += '\n';
        }
        change.text += line_of(event) + "\n";
        change.lines.push_back("+ " + line_of(event));
    }
    return change;
}

EnvChange without_hooks(std::string_view text) {
    EnvChange change;
    while (!text.empty()) {
        const auto line = take_line(text);
        const bool ours = std::ranges::any_of(
            hook_events, [&](const HookEvent& event) { return trim(line) == line_of(event); });
        if (ours) {
            change.lines.push_back("- " + std::string{trim(line)});
        } else {
            change.text += line;
        }
    }
    return change;
}

}  // namespace paws::pawsctl
