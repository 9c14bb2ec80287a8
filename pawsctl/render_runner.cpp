#include "pawsctl/render_runner.h"

#include "core/text.h"
#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/verdict.h"
#include "pawsctl/width.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <array>

#include <boost/json/value.hpp>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;
using Lines = std::vector<Line>;

constexpr std::size_t label_columns = 11;
constexpr std::size_t longest_fact = 4;  // lines
constexpr std::size_t shown_jobs = 5;

void add_fact(Lines& lines, std::string_view label, const std::string& fact, const Screen& screen) {
    auto begin = Line{}.add(label, Style::faint).tab(label_columns);
    std::ranges::move(
        wrapped(std::move(begin), fact.empty() ? not_known : fact, longest_fact, screen),
        std::back_inserter(lines));
}

// "a, b": what is known of several things, nothing when that is nothing.
class Parts {
public:
    Parts& add(const std::string& part) {
        if (!part.empty()) {
            parts_.push_back(part);
        }
        return *this;
    }
    // "4 pids"; nothing when the number is not known.
    Parts& count(std::optional<double> number, const std::string& of) {
        return number ? add(decimal(*number, 0) + " " + of) : *this;
    }
    Parts& bytes(const std::string& what, std::optional<double> number) {
        return number ? add(what + " " + size(number)) : *this;
    }
    std::string text() const { return joined(parts_, ", "); }

private:
    std::vector<std::string> parts_;
};

// Keys of the document may be names that others chose.
std::string shown_key(std::string_view key) {
    auto words = printable(key);
    std::ranges::replace(words, '_', ' ');
    return words;
}

std::string ago(std::optional<double> seconds) {
    return seconds ? age(seconds) + " ago" : "";
}

Line title(const Object& runner, const Screen& screen) {
    const auto health = health_of(runner);
    const auto state = text(runner, "state");
    Line line;
    line.add(sign(health, screen), style_of(health)).add(" ");
    line.add(text(runner, "name"), Style::strong).add(", ");
    line.add(state.empty() ? "unknown" : state, style_of_state(state));
    return line.add(" since " + age(age_of(runner, "since", runner)));
}

std::string health_words(const Object& runner) {
    const auto problems = problems_of(runner);
    return std::string{word(health_of(runner))} + (problems.empty() ? "" : " (" + problems + ")");
}

// Jobs are known from the runner's lines: without those, no job is not the same as none.
std::string job_words(const Object& runner) {
    const auto& job = object(runner, "job");
    if (job.empty()) {
        return object(runner, "log").empty() ? not_known : "none";
    }
    return Parts{}
        .add(text(job, "name"))
        .add(identity_of(job))
        .add("since " + age(age_of(job, "started", runner)))
        .text();
}

std::string wish_words(const Object& wish, const Object& runner) {
    const auto by = text(wish, "by");
    const auto asked = ago(age_of(wish, "asked", runner));
    const auto until = text(wish, "until");
    return Parts{}
        .add(text(wish, "kind"))
        .add(text(wish, "note"))
        .add(by.empty() ? "" : "by " + by)
        .add(asked.empty() ? "" : "asked " + asked)
        .add(until.empty() ? "" : "until " + until)
        .text();
}

// What an operator asked of the runner, and what keeps the agent from it.
void add_wish(Lines& lines, const Object& runner, const Screen& screen) {
    const auto& wish = object(runner, "wish");
    if (wish.empty()) {
        return;
    }
    add_fact(lines, "wish", wish_words(wish, runner), screen);
    if (const auto trouble = text(wish, "trouble"); !trouble.empty()) {
        add_fact(lines, "", "cannot be stopped: " + trouble, screen);
    }
}

std::string github_words(const Object& runner) {
    const auto& settings = object(object(runner, "files"), "settings");
    const auto scope = text(runner, "scope");
    const auto version = text(runner, "version");
    const auto id = number(settings, "agent_id");
    return Parts{}
        .add(text(runner, "agent_name"))
        .add(scope.empty() ? "" : "of " + scope)
        .add(id ? "id " + decimal(*id, 0) : "")
        .add(version.empty() ? "" : "runner " + version)
        .add(flag(settings, "ephemeral").value_or(false) ? "ephemeral" : "")
        .text();
}

std::string unit_words(const Object& runner) {
    const auto& unit = object(runner, "unit_state");
    const auto active = text(unit, "active_state");
    const auto user = text(unit, "user");
    const auto result = text(unit, "result");
    return Parts{}
        .add(text(runner, "unit"))
        .add(active.empty() ? "" : active + " (" + text(unit, "sub_state") + ")")
        .add(text(unit, "unit_file_state"))
        .add(result.empty() || result == "success" ? "" : "result " + result)
        .add(user.empty() ? "" : "user " + user)
        .count(number(unit, "restarts"), "restarts")
        .text();
}

std::string process_words(const Object& runner) {
    const auto& processes = object(runner, "processes");
    Parts parts;
    for (const auto& [role, count] : object(processes, "counts")) {
        if (count.is_number() && count.to_number<double>() > 0) {
            parts.count(count.to_number<double>(), shown_key(role));
        }
    }
    return parts.add(text(processes, "error")).text();
}

std::string cgroup_words(const Object& runner) {
    const auto& cgroup = object(runner, "cgroup");
    const auto cpu = number(cgroup, "cpu_seconds");
    return Parts{}
        .bytes("memory", number(cgroup, "memory_bytes"))
        .bytes("peak", number(cgroup, "memory_peak_bytes"))
        .add(cpu ? "CPU time " + age(cpu) : "")
        .count(number(cgroup, "pids"), "pids")
        .bytes("read", number(cgroup, "io_read_bytes"))
        .bytes("written", number(cgroup, "io_written_bytes"))
        .count(number(cgroup, "oom_kills"), "OOM kills")
        .text();
}

std::string socket_words(const Object& runner) {
    const auto& sockets = object(runner, "sockets");
    const auto received = number(sockets, "last_received_seconds");
    return Parts{}
        .count(number(sockets, "established"), "connections")
        .add(received ? "data came " + ago(received) : "")
        .text();
}

std::string directory_words(const Object& runner) {
    Parts parts;
    for (const auto& [directory, bytes] : object(object(runner, "directories"), "bytes")) {
        if (bytes.is_number()) {
            parts.bytes(shown_key(directory), bytes.to_number<double>());
        }
    }
    return parts.text();
}

// What the state was concluded from, with how old each fact is.
void add_evidence(Lines& lines, const Object& runner, const Screen& screen) {
    const auto evidence = objects(runner, "evidence");
    for (const auto* one : evidence) {
        const auto seconds = ago(number(*one, "age_seconds"));
        const auto fact = text(*one, "fact") + ": " + text(*one, "value") +
                          (seconds.empty() ? "" : " (" + seconds + ")");
        add_fact(lines, one == evidence.front() ? "because" : "", fact, screen);
    }
}

// The newest first.
void add_jobs(Lines& lines, const Object& runner, const Screen& screen) {
    auto jobs = objects(runner, "jobs");
    std::ranges::reverse(jobs);
    jobs.resize(std::min(jobs.size(), shown_jobs));
    for (const auto* job : jobs) {
        const auto started = moment(*job, "started");
        const auto finished = moment(*job, "finished");
        const auto fact = Parts{}
                              .add(text(*job, "name"))
                              .add(identity_of(*job))
                              .add(text(*job, "result"))
                              .add(started && finished ? "took " + age(*finished - *started) : "")
                              .add(ago(age_of(*job, "finished", runner)))
                              .text();
        add_fact(lines, job == jobs.front() ? "jobs" : "", fact, screen);
    }
}

}  // namespace

std::vector<std::string> render_runner(const Object& runner, const Screen& screen) {
    Lines lines{title(runner, screen), Line{}};
    add_fact(lines, "health", health_words(runner), screen);
    if (const auto reason = text(runner, "reason"); !reason.empty()) {
        add_fact(lines, "reason", reason, screen);
    }
    add_evidence(lines, runner, screen);
    add_wish(lines, runner, screen);
    add_fact(lines, "job", job_words(runner), screen);
    add_jobs(lines, runner, screen);
    add_fact(lines, "contact", ago(age_of(runner, "last_contact", runner)), screen);
    add_fact(lines, "GitHub", github_words(runner), screen);
    add_fact(lines, "unit", unit_words(runner), screen);
    add_fact(lines, "root", text(runner, "root"), screen);
    add_fact(lines, "disk", directory_words(runner), screen);
    add_fact(lines, "processes", process_words(runner), screen);
    add_fact(lines, "resources", cgroup_words(runner), screen);
    add_fact(lines, "sockets", socket_words(runner), screen);
    return drawn(lines, screen);
}

std::vector<std::string> render_runner_list(const Object& status, const Screen& screen) {
    static constexpr std::array headings{"name", "GitHub name", "state", "health", "version"};
    static constexpr std::array keys{"name", "agent_name", "state", "health", "version"};
    const auto runners = objects(status, "runners");
    std::array<std::size_t, keys.size()> begin{};
    for (std::size_t column = 0; column + 1 < keys.size(); ++column) {
        std::size_t widest = columns_of(headings.at(column));
        for (const auto* runner : runners) {
            widest = std::max(widest, columns_of(text(*runner, keys.at(column))));
        }
        begin.at(column + 1) = begin.at(column) + widest + 2;
    }
    Lines lines(1);
    for (std::size_t column = 0; column < keys.size(); ++column) {
        lines.front().tab(begin.at(column)).add(headings.at(column), Style::faint);
    }
    for (const auto* runner : runners) {
        auto& line = lines.emplace_back();
        for (std::size_t column = 0; column < keys.size(); ++column) {
            const auto value = text(*runner, keys.at(column));
            line.tab(begin.at(column)).add(value.empty() ? "-" : value);
        }
    }
    return drawn(lines, screen);
}

}  // namespace paws::pawsctl
