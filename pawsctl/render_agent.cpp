#include "pawsctl/render_agent.h"

#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/log_state.h"
#include "pawsctl/render_host.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

constexpr std::size_t shown_collectors = 5;

std::vector<const Object*> failing_collectors(const Object& agent) {
    auto collectors = objects(agent, "collectors");
    std::erase_if(collectors,
                  [](const auto* one) { return flag(*one, "success").value_or(false); });
    return collectors;
}

Line agent_line(const Object& agent, const Object& status) {
    auto line = labelled("agent");
    const auto verdict = agent_verdict(agent);
    line.add(word(verdict), style_of(verdict));
    const auto collectors = objects(agent, "collectors").size();
    const auto failing = failing_collectors(agent).size();
    const auto counts = counted(collectors, "collector", "collectors");
    if (failing == 0) {
        line.add(", " + counts);
    } else {
        line.add(", ").add(std::to_string(failing) + " of " + counts + " failing", Style::warning);
    }
    line.add(", facts " + age(number(agent, "snapshot_age_seconds")) + " old");
    line.add(", up " + age(age_of(agent, "started", status)));
    const auto version = text(agent, "version");
    return line.add(version.empty() ? "" : ", version " + version);
}

std::vector<Line> shipping_lines(const Object& agent, const Screen& screen) {
    const auto& logs = object(agent, "logs");
    if (logs.empty()) {
        return {};  // none are to be shipped
    }
    const auto verdict = logs_verdict(logs);
    auto line = labelled("logs").add(state_words(logs), style_of(verdict));
    std::vector<Line> lines{line.add(verdict == Verdict::well ? "" : ", see: pawsctl logs status")};
    std::ranges::move(wrapped(labelled(""), text(logs, "trouble"), longest_error, screen),
                      std::back_inserter(lines));
    return lines;
}

}  // namespace

std::vector<Line> agent_lines(const Object& status, const Screen& screen) {
    const auto& agent = object(status, "agent");
    std::vector<Line> lines{agent_line(agent, status)};
    const auto add = [&](const std::string& words) {
        std::ranges::move(wrapped(labelled(""), words, longest_error, screen),
                          std::back_inserter(lines));
    };
    const auto failing = failing_collectors(agent);
    for (std::size_t at = 0; at < std::min(failing.size(), shown_collectors); ++at) {
        add(text(*failing[at], "name") + ": " + text(*failing[at], "error"));
    }
    if (failing.size() > shown_collectors) {
        add("and others: pawsctl status --json");
    }
    if (!flag(agent, "config_reload_successful").value_or(true)) {
        const auto file = text(agent, "config_file");
        add("the last reload of its configuration failed: pawsctl config check" +
            (file.empty() ? "" : " " + file));
    }
    std::ranges::move(shipping_lines(agent, screen), std::back_inserter(lines));
    return lines;
}

}  // namespace paws::pawsctl
