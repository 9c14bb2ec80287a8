#include "pawsctl/runner_table.h"

#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/verdict.h"
#include "pawsctl/width.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <string>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

// Columns: sign, name, state, since, job.
constexpr std::size_t name_begin = 2;
constexpr std::size_t state_columns = 13;  // "unregistered" and a blank
constexpr std::size_t since_columns = 13;  // "23 h 59 min" and two blanks
constexpr std::size_t least_job_columns = 18;
constexpr std::size_t least_name_columns = 12;
constexpr std::size_t why_indent = 4;
constexpr std::size_t why_lines = 3;

struct Columns {
    std::size_t name;  // how many it has
    std::size_t state;
    std::size_t since;
    std::size_t job;
};

Columns columns_for(const std::vector<const Object*>& runners, const Screen& screen) {
    std::size_t name = columns_of("runner");
    for (const auto* runner : runners) {
        name = std::max(name, columns_of(text(*runner, "name")));
    }
    if (screen.columns) {
        const auto others = name_begin + 1 + state_columns + since_columns + least_job_columns;
        const auto left = *screen.columns - std::min(*screen.columns, others);
        name = std::min(name, std::max(left, least_name_columns));
    }
    const auto state = name_begin + name + 1;
    return {name, state, state + state_columns, state + state_columns + since_columns};
}

Line heading(const Columns& columns) {
    return Line{}
        .tab(name_begin)
        .add("runner", Style::faint)
        .tab(columns.state)
        .add("state", Style::faint)
        .tab(columns.since)
        .add("since", Style::faint)
        .tab(columns.job)
        .add("job", Style::faint);
}

// The reason of a runner that is well and does not work: why it does not, in the place of a job.
std::string job_or_reason(const Object& runner) {
    const auto job = text(object(runner, "job"), "name");
    const auto state = text(runner, "state");
    const bool at_rest = state != "idle" && state != "busy";
    const bool well = health_of(runner) == Verdict::well;
    return job.empty() && at_rest && well ? text(runner, "reason") : job;
}

// Whose job it is, where there is room for all of it.
std::string identity_that_fits(const Object& runner, const Line& line, const Screen& screen) {
    const auto whose = identity_of(object(runner, "job"));
    const auto end = line.columns() + 2 + columns_of(whose);
    return whose.empty() || (screen.columns && end > *screen.columns) ? "" : "  " + whose;
}

Line runner_line(const Object& runner,
                 const Object& status,
                 const Columns& columns,
                 const Screen& screen) {
    const auto health = health_of(runner);
    const auto state = text(runner, "state");
    auto line =
        Line{}
            .add(sign(health, screen), style_of(health))
            .tab(name_begin)
            .add(cut_middle(text(runner, "name"), columns.name, cut_mark(screen)), Style::strong)
            .tab(columns.state)
            .add(state.empty() ? "unknown" : state, style_of_state(state))
            .tab(columns.since)
            .add(age(age_of(runner, "since", status)))
            .tab(columns.job)
            .add(job_or_reason(runner));
    return line.add(identity_that_fits(runner, line, screen), Style::faint);
}

// "failed (crash loop): crash: the listener exited with code 134"
std::vector<Line> why(const Object& runner, const Screen& screen) {
    const auto health = health_of(runner);
    const auto reason = text(runner, "reason");
    const auto problems = problems_of(runner);
    const bool said = reason.empty() && problems.empty() && word(health) == "unknown";
    if (health == Verdict::well || said) {
        return {};
    }
    auto words = std::string{word(health)};
    words += problems.empty() ? "" : " (" + problems + ")";
    words += reason.empty() ? "" : ": " + reason;
    return wrapped(Line{}.tab(why_indent), words, why_lines, screen);
}

}  // namespace

std::vector<Line> runner_table(const Object& status,
                               std::vector<const Object*> runners,
                               const Screen& screen) {
    std::ranges::stable_sort(
        runners, std::ranges::greater{}, [](const auto* one) { return health_of(*one); });
    const auto columns = columns_for(runners, screen);
    std::vector<Line> lines{heading(columns)};
    for (const auto* runner : runners) {
        lines.push_back(runner_line(*runner, status, columns, screen));
        std::ranges::move(why(*runner, screen), std::back_inserter(lines));
    }
    return lines;
}

}  // namespace paws::pawsctl
