#include "pawsctl/find_runner.h"

#include "core/nearest.h"
#include "core/text.h"
#include "pawsctl/fields.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <vector>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

std::vector<std::string> values(const std::vector<const Object*>& runners, std::string_view key) {
    std::vector<std::string> all;
    all.reserve(runners.size());
    for (const auto* runner : runners) {
        all.push_back(text(*runner, key));
    }
    return all;
}

Error ambiguous(const std::string& meant, const std::vector<const Object*>& runners) {
    return {Errc::malformed,
            "'" + printable(meant) + "' is the GitHub name of several runners: " +
                joined(values(runners, "name"), ", ")};
}

Error unknown(const std::string& meant, const std::vector<const Object*>& runners) {
    auto names = values(runners, "name");
    std::ranges::move(values(runners, "agent_name"), std::back_inserter(names));
    auto hint = suggestion(meant, names);
    if (hint.empty()) {
        hint = runners.empty() ? "; this host has no runners" : "; see: pawsctl runners list";
    }
    return {Errc::absent, "no runner is called '" + printable(meant) + "'" + hint};
}

}  // namespace

Result<const Object*> find_runner(const Object& status, const std::string& meant) {
    const auto runners = objects(status, "runners");
    for (const auto* key : {"name", "unit", "agent_name"}) {
        auto found = runners;
        std::erase_if(found, [&](const auto* runner) { return text(*runner, key) != meant; });
        if (found.size() > 1) {
            return ambiguous(meant, found);
        }
        if (!found.empty()) {
            return found.front();
        }
    }
    return unknown(meant, runners);
}

std::string without_unit_affixes(std::string name) {
    static constexpr std::string_view prefix = "actions.runner.";
    static constexpr std::string_view suffix = ".service";
    if (name.starts_with(prefix) && name.ends_with(suffix) &&
        name.size() > prefix.size() + suffix.size()) {
        name = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    }
    return name;
}

}  // namespace paws::pawsctl
