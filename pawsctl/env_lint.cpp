#include "pawsctl/env_lint.h"

#include "core/text.h"
#include "pawsctl/dot_env.h"

#include <algorithm>
#include <array>

namespace paws::pawsctl {

namespace {

struct Hazard {
    std::string_view key;
    Verdict verdict;
    std::string_view what;
};
constexpr std::array hazards{
    Hazard{"GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY",
           Verdict::failed,
           "the runner accepts any server as GitHub"},
    Hazard{"GITHUB_ACTIONS_RUNNER_HTTPTRACE",
           Verdict::failed,
           "the runner writes its tokens to _diag"},
    Hazard{"ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE",
           Verdict::degraded,
           "its service does not know exit code 7 and starts a runner that is too old for ever"},
    Hazard{"ACTIONS_ALLOW_UNSECURE_COMMANDS",
           Verdict::degraded,
           "any step's output can set environment variables"},
    Hazard{"ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT",
           Verdict::degraded,
           "all of its trace goes to the journal, a hundred times as much"},
    Hazard{"GITHUB_ACTIONS_SERVICE_EXIT_AFTER_N_FAILURES",
           Verdict::degraded,
           "only the unit's Environment= is read for this, not .env"},
};

bool is_set(std::string_view value) {
    return value != "0" && value != "false" && value != "False" && value != "FALSE";
}

bool is_quoted(std::string_view value) {
    return value.size() >= 2 && value.front() == value.back() &&
           (value.front() == '"' || value.front() == '\'');
}

std::string shown(std::string_view key) {
    return printable(key, 80);
}

void lint_line(const EnvLine& line, std::vector<Lint>& found) {
    if (line.key.starts_with("export ")) {
        found.push_back({Verdict::degraded,
                         "'" + shown(line.key) + "': .env knows no export; the name has a blank"});
    } else if (trim(line.key) != line.key) {
        found.push_back(
            {Verdict::degraded, "'" + shown(line.key) + "': blanks belong to the name"});
    }
    if (is_quoted(line.value)) {
        found.push_back(
            {Verdict::degraded, shown(line.key) + ": .env knows no quotes; they are in the value"});
    }
    const auto* const hazard = std::ranges::find(hazards, line.key, &Hazard::key);
    if (hazard != hazards.end() && is_set(line.value)) {
        found.push_back({hazard->verdict, shown(line.key) + ": " + std::string{hazard->what}});
    }
}

}  // namespace

std::vector<Lint> lint_env(std::string_view text) {
    std::vector<Lint> found;
    if (text.starts_with("\xEF\xBB\xBF")) {
        found.push_back({Verdict::degraded, "a byte order mark is part of the first name"});
    }
    for (const auto& line : env_lines(text)) {
        if (!line.key.starts_with('#')) {
            lint_line(line, found);
        }
    }
    return found;
}

}  // namespace paws::pawsctl
