#include "pawsctl/render_status.h"

#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/render_agent.h"
#include "pawsctl/render_host.h"
#include "pawsctl/runner_table.h"
#include "pawsctl/verdict.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <map>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

// "3 runners: 1 busy, 2 idle"
std::string runner_counts(const std::vector<const Object*>& runners) {
    if (runners.empty()) {
        return "no runners";
    }
    std::map<std::string, std::size_t> by_state;
    for (const auto* runner : runners) {
        const auto state = text(*runner, "state");
        ++by_state[state.empty() ? "unknown" : state];
    }
    std::vector<std::string> counts;
    counts.reserve(by_state.size());
    for (const auto& [state, count] : by_state) {
        counts.push_back(std::to_string(count) + " " + state);
    }
    return counted(runners.size(), "runner", "runners") + ": " + joined(counts, ", ");
}

// "all well on build-host: 3 runners: ..."
Line summary(const Object& status, const std::vector<const Object*>& runners) {
    const auto overall = verdict(status, runners);
    const auto host = text(object(status, "host"), "name");
    Line line;
    line.add(overall == Verdict::well ? "all well" : word(overall), style_of(overall));
    line.add(host.empty() ? "" : " on " + host, Style::strong);
    return line.add(", " + runner_counts(runners));
}

std::vector<Line> runner_lines(const Object& status,
                               const std::vector<const Object*>& runners,
                               const Screen& screen) {
    if (runners.empty()) {
        auto lines =
            wrapped(Line{},
                    "No runner was found: no unit actions.runner.*.service in systemd, none under "
                    "[[runners.static]] in the configuration. In a runner's directory, run:",
                    4,
                    screen);
        // Not wrapped, so that it can be copied.
        lines.push_back(Line{}.add("sudo ./svc.sh install && sudo ./svc.sh start"));
        return lines;
    }
    return runner_table(status, runners, screen);
}

// The age that makes everything else on the screen the past, said where nobody can miss it.
std::vector<Line> stale_lines(const Object& status, const Screen& screen) {
    const auto& agent = object(status, "agent");
    if (agent_verdict(agent) != Verdict::unknown) {
        return {};
    }
    auto lines = wrapped(Line{},
                         "These facts are old (" + age(number(agent, "snapshot_age_seconds")) +
                             "): the agent answers but no longer looks. See journalctl -u "
                             "paws-agent -n 50, then: systemctl restart paws-agent",
                         3,
                         screen);
    lines.emplace_back();
    return lines;
}

}  // namespace

std::vector<std::string> render_status(const Object& status,
                                       const std::vector<const Object*>& runners,
                                       const Screen& screen) {
    std::vector<Line> lines{summary(status, runners), Line{}};
    const auto append = [&](std::vector<Line> more) {
        std::ranges::move(more, std::back_inserter(lines));
    };
    append(stale_lines(status, screen));
    append(host_lines(status, screen));
    append(agent_lines(status, screen));
    lines.emplace_back();
    append(runner_lines(status, runners, screen));
    return drawn(lines, screen);
}

std::vector<std::string> render_status(const Object& status, const Screen& screen) {
    return render_status(status, objects(status, "runners"), screen);
}

}  // namespace paws::pawsctl
