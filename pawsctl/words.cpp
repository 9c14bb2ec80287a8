#include "pawsctl/words.h"

#include "pawsctl/fields.h"
#include "pawsctl/human.h"

#include <algorithm>
#include <cmath>

namespace paws::pawsctl {

Style style_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::well:
            return Style::good;
        case Verdict::degraded:
        case Verdict::unknown:
            return Style::warning;
        case Verdict::failed:
            return Style::bad;
    }
    return Style::plain;
}

Style style_of_state(std::string_view state) {
    if (state == "idle" || state == "busy") {
        return Style::good;
    }
    if (state == "hung" || state == "offline" || state == "unregistered") {
        return Style::bad;
    }
    const bool ended = state == "stopped" || state == "done";
    return ended ? Style::plain : Style::warning;
}

std::string_view sign(Verdict verdict, const Screen& screen) {
    switch (verdict) {
        case Verdict::well:
            return screen.unicode ? "●" : "+";
        case Verdict::degraded:
            return screen.unicode ? "▲" : "!";
        case Verdict::unknown:
            return "?";
        case Verdict::failed:
            return screen.unicode ? "✖" : "x";
    }
    return "?";
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string all;
    for (const auto& part : parts) {
        all += (all.empty() ? "" : std::string{between}) + part;
    }
    return all;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string{count == 1 ? one : many};
}

std::string problems_of(const boost::json::object& subject) {
    auto problems = texts(subject, "problems");
    for (auto& problem : problems) {
        std::ranges::replace(problem, '_', ' ');
    }
    return joined(problems, ", ");
}

bool has_problem(const boost::json::object& subject, std::string_view problem) {
    return std::ranges::count(texts(subject, "problems"), problem) > 0;
}

std::string clock_words(const boost::json::object& clock) {
    const auto synchronised = flag(clock, "synchronised");
    std::string words = !synchronised   ? not_known
                        : *synchronised ? "synchronised"
                                        : "not synchronised";
    const auto behind = number(clock, "behind_github_seconds").value_or(0);
    if (std::abs(behind) < 1) {
        return words;
    }
    return words + ", " + age(std::abs(behind)) + (behind > 0 ? " behind" : " ahead of") +
           " GitHub's";
}

std::string identity_of(const boost::json::object& job) {
    const auto& identity = object(job, "identity");
    const auto run = number(identity, "run_id");
    if (!run) {
        return {};
    }
    const auto attempt = number(identity, "run_attempt").value_or(1);
    return text(identity, "repository") + " run " + decimal(*run, 0) +
           (attempt > 1 ? ", attempt " + decimal(attempt, 0) : "");
}

std::optional<double> age_of(const boost::json::object& subject,
                             std::string_view key,
                             const boost::json::object& document) {
    const auto then = moment(subject, key);
    const auto now = moment(document, "time");
    return then && now ? std::optional{*now - *then} : std::nullopt;
}

}  // namespace paws::pawsctl
