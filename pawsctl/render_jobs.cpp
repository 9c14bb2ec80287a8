#include "pawsctl/render_jobs.h"

#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/width.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <optional>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

// Columns: sign, job, runner, result, took, memory, ended.
constexpr std::size_t job_begin = 2;
constexpr std::size_t result_columns = 12;  // "with issues" and a blank
constexpr std::size_t took_columns = 13;    // "23 h 59 min" and two blanks
constexpr std::size_t memory_columns = 9;
constexpr std::size_t ended_columns = 11;
constexpr std::size_t least_columns = 10;  // of a job's and a runner's name
constexpr std::size_t why_indent = 4;

struct Columns {
    std::size_t job;  // how many it has
    std::size_t runner;
    std::size_t runner_begin;
    std::size_t result;
    std::size_t took;
    std::size_t memory;
    std::size_t ended;
};

std::size_t widest(const std::vector<const Object*>& jobs, const char* key, const char* heading) {
    auto columns = columns_of(heading);
    for (const auto* job : jobs) {
        columns = std::max(columns, columns_of(text(*job, key)));
    }
    return columns;
}

// Names get what the others leave; a job's as much as a runner's where both are long.
Columns columns_for(const std::vector<const Object*>& jobs, const Screen& screen) {
    auto job = widest(jobs, "name", "job");
    auto runner = widest(jobs, "runner", "runner");
    if (screen.columns) {
        const auto others =
            job_begin + 2 + result_columns + took_columns + memory_columns + ended_columns;
        const auto left =
            std::max(*screen.columns - std::min(*screen.columns, others), 2 * least_columns);
        runner = std::min(runner, std::max(left / 2, left - std::min(left, job)));
        job = std::min(job, left - runner);
    }
    const auto runner_begin = job_begin + job + 1;
    const auto result = runner_begin + runner + 1;
    const auto took = result + result_columns;
    const auto memory = took + took_columns;
    return {job, runner, runner_begin, result, took, memory, memory + memory_columns};
}

Line heading(const Columns& columns) {
    return Line{}
        .tab(job_begin)
        .add("job", Style::faint)
        .tab(columns.runner_begin)
        .add("runner", Style::faint)
        .tab(columns.result)
        .add("result", Style::faint)
        .tab(columns.took)
        .add("took", Style::faint)
        .tab(columns.memory)
        .add("memory", Style::faint)
        .tab(columns.ended)
        .add("ended", Style::faint);
}

Verdict verdict_of(const std::string& result) {
    const bool well = result.empty() || result == "succeeded" || result == "skipped";
    const bool odd = result == "succeeded_with_issues" || result == "canceled";
    return well ? Verdict::well : odd ? Verdict::degraded : Verdict::failed;
}

std::string result_word(const std::string& result) {
    return result.empty() ? "running" : result == "succeeded_with_issues" ? "with issues" : result;
}

std::string known_or_dash(const std::optional<double>& value, std::string shown) {
    return value ? std::move(shown) : "-";
}

Line job_line(const Object& job,
              const Object& document,
              const Columns& columns,
              const Screen& screen) {
    const auto result = text(job, "result");
    const auto verdict = verdict_of(result);
    const auto took =
        result.empty() ? age_of(job, "started", document) : number(job, "duration_seconds");
    const auto memory = number(object(job, "usage"), "memory_peak_bytes");
    const auto ended = age_of(job, "finished", document);
    return Line{}
        .add(sign(verdict, screen), style_of(verdict))
        .tab(job_begin)
        .add(cut_middle(text(job, "name"), columns.job, cut_mark(screen)), Style::strong)
        .tab(columns.runner_begin)
        .add(cut_middle(text(job, "runner"), columns.runner, cut_mark(screen)))
        .tab(columns.result)
        .add(result_word(result), style_of(verdict))
        .tab(columns.took)
        .add(known_or_dash(took, age(took)))
        .tab(columns.memory)
        .add(known_or_dash(memory, size(memory)))
        .tab(columns.ended)
        .add(known_or_dash(ended, age(ended) + " ago"));
}

// The blame goes before the reason; nothing of a job that went well.
std::string why(const Object& job) {
    const auto blame = text(job, "blame");
    return blame.empty() ? "" : blame + ": " + text(job, "because");
}

}  // namespace

std::vector<std::string> render_jobs(const Object& document, const Screen& screen) {
    auto jobs = objects(document, "running");
    std::ranges::copy(objects(document, "jobs"), std::back_inserter(jobs));
    if (jobs.empty()) {
        return {"no jobs"};
    }
    const auto columns = columns_for(jobs, screen);
    std::vector<Line> lines{heading(columns)};
    for (const auto* job : jobs) {
        lines.push_back(job_line(*job, document, columns, screen));
        if (const auto words = why(*job); !words.empty()) {
            lines.push_back(Line{}.tab(why_indent).add(words));
        }
    }
    return drawn(lines, screen);
}

}  // namespace paws::pawsctl
