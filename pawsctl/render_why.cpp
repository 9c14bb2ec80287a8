#include "pawsctl/render_why.h"

#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/verdict.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;
using Lines = std::vector<Line>;

constexpr std::size_t label_columns = 9;
constexpr std::size_t longest_fact = 3;  // lines

void add(Lines& lines, std::string_view label, const std::string& fact, const Screen& screen) {
    if (fact.empty()) {
        return;
    }
    auto begin = Line{}.add(label, Style::faint).tab(label_columns);
    std::ranges::move(wrapped(std::move(begin), fact, longest_fact, screen),
                      std::back_inserter(lines));
}

void add_part(std::string& parts, const std::string& part) {
    parts += parts.empty() || part.empty() ? part : ", " + part;
}

std::string seconds_part(const Object& usage, std::string_view key, const std::string& what) {
    const auto value = number(usage, key);
    return value ? what + " " + age(value) : std::string{};
}

std::string bytes_part(const Object& usage, std::string_view key, const std::string& what) {
    const auto value = number(usage, key);
    return value ? what + " " + size(value) : std::string{};
}

std::string took(const Object& job) {
    const auto& usage = object(job, "usage");
    std::string parts;
    add_part(parts, seconds_part(usage, "cpu_seconds", "CPU"));
    add_part(parts, bytes_part(usage, "memory_peak_bytes", "memory peak"));
    add_part(parts, bytes_part(usage, "disk_low_bytes", "least free disk"));
    return parts.empty() ? "not known: the agent did not see its beginning" : parts;
}

std::string suffered(const Object& job) {
    const auto& usage = object(job, "usage");
    std::string parts;
    add_part(parts, seconds_part(usage, "cpu_stall_seconds", "for CPU"));
    add_part(parts, seconds_part(usage, "memory_stall_seconds", "for memory"));
    add_part(parts, seconds_part(usage, "io_stall_seconds", "for I/O"));
    return parts;
}

std::string events(const Object& job) {
    const auto& usage = object(job, "usage");
    std::string parts;
    for (const auto& [key, one, many] :
         {std::tuple{"oom_kills", "OOM kill", "OOM kills"},
          std::tuple{"connect_errors", "connect error", "connect errors"}}) {
        if (const auto count = number(usage, key); count && *count > 0) {
            add_part(parts, counted(static_cast<std::size_t>(*count), one, many));
        }
    }
    return parts;
}

std::string queued(const Object& job) {
    const auto waited = number(object(job, "usage"), "queue_seconds");
    return waited ? "for " + age(waited) + " before, by GitHub's clock" : "";
}

std::string whose(const Object& job) {
    const auto& identity = object(job, "identity");
    if (identity.empty()) {
        return "not known: `pawsctl runners hook install` tells it from then on";
    }
    auto parts = identity_of(job);
    const auto workflow = text(identity, "workflow");
    add_part(parts, workflow.empty() ? "" : "workflow " + workflow);
    return parts;
}

std::string blame(const Object& job) {
    const auto blamed = text(job, "blame");
    if (blamed.empty()) {
        return text(job, "result").empty() ? "it still runs" : "nobody: it went well";
    }
    return blamed + ": " + text(job, "because");
}

// "2026-01-12T08:00:04.123Z" as journalctl reads it.
std::string written_for_journal(const std::string& moment) {
    auto written = moment.substr(0, moment.find_first_of(".Z"));
    std::ranges::replace(written, 'T', ' ');
    return written;
}

std::string journal(const Object& job) {
    const auto finished = text(job, "finished");
    return "journalctl -u 'actions.runner." + text(job, "runner") + ".service' --utc --since '" +
           written_for_journal(text(job, "started")) + "'" +
           (finished.empty() ? "" : " --until '" + written_for_journal(finished) + "'");
}

}  // namespace

std::vector<std::string> render_why(const Object& job,
                                    const Object& document,
                                    const Screen& screen) {
    const auto result = text(job, "result");
    const auto lasted =
        result.empty() ? age_of(job, "started", document) : number(job, "duration_seconds");
    Lines lines{Line{}
                    .add(text(job, "name"), Style::strong)
                    .add(" on " + text(job, "runner") + ": ")
                    .add(result.empty() ? "running" : result)
                    .add(lasted ? ", " + age(lasted) : "")};
    add(lines, "blame", blame(job), screen);
    add(lines, "run", whose(job), screen);
    add(lines, "began", text(job, "started"), screen);
    add(lines, "queued", queued(job), screen);
    add(lines, "ended", text(job, "finished"), screen);
    add(lines, "took", took(job), screen);
    add(lines, "waited", suffered(job), screen);
    add(lines, "events", events(job), screen);
    std::vector<std::string> drawn;
    std::ranges::transform(
        lines, std::back_inserter(drawn), [&](const Line& line) { return line.on(screen); });
    drawn.push_back("read on: " + journal(job));  // whole, to be copied
    return drawn;
}

}  // namespace paws::pawsctl
