#include "pawsctl/diagnosis.h"

#include "pawsctl/words.h"

#include <algorithm>
#include <iterator>

#include <boost/json/array.hpp>

namespace paws::pawsctl {

namespace {

constexpr std::size_t what_begin = 18;
constexpr std::size_t what_lines = 4;

std::string_view mark(const std::optional<Verdict>& verdict, const Screen& screen) {
    if (!verdict || *verdict == Verdict::unknown) {
        return screen.unicode ? "–" : "-";
    }
    if (*verdict == Verdict::well) {
        return screen.unicode ? "✓" : "+";
    }
    return screen.unicode ? "✗" : "x";
}

Style style(const std::optional<Verdict>& verdict) {
    return verdict ? style_of(*verdict) : Style::faint;
}

void add_check(std::vector<Line>& lines, const Check& check, const Screen& screen) {
    auto begin = Line{}.add(mark(check.verdict, screen), style(check.verdict)).add(" ");
    begin.add(check.name).tab(what_begin);
    std::ranges::move(wrapped(std::move(begin), check.what, what_lines, screen),
                      std::back_inserter(lines));
    if (!check.fix.empty()) {
        auto fix = Line{}.tab(what_begin - 4).add(screen.unicode ? "  → " : "  > ", Style::faint);
        std::ranges::move(wrapped(std::move(fix), check.fix, what_lines, screen),
                          std::back_inserter(lines));
    }
}

}  // namespace

Check well(std::string name, std::string what) {
    return {.name = std::move(name), .verdict = Verdict::well, .what = std::move(what), .fix = {}};
}

Check unneeded(std::string name, std::string what) {
    return {.name = std::move(name), .verdict = std::nullopt, .what = std::move(what), .fix = {}};
}

Check found(std::string name, Verdict verdict, std::string what, std::string fix) {
    return {.name = std::move(name),
            .verdict = verdict,
            .what = std::move(what),
            .fix = std::move(fix)};
}

Verdict verdict(const Diagnosis& diagnosis) {
    auto worst = Verdict::well;
    for (const auto& examined : diagnosis) {
        for (const auto& check : examined.checks) {
            worst = std::max(worst, check.verdict.value_or(Verdict::well));
        }
    }
    return worst;
}

boost::json::object diagnosis_json(const Diagnosis& diagnosis) {
    boost::json::array checks;
    for (const auto& examined : diagnosis) {
        for (const auto& check : examined.checks) {
            boost::json::object one{{"subject", examined.subject},
                                    {"check", check.name},
                                    {"verdict", "not_needed"},
                                    {"what", check.what},
                                    {"fix", nullptr}};
            if (check.verdict) {
                one["verdict"] = word(*check.verdict);
            }
            if (!check.fix.empty()) {
                one["fix"] = check.fix;
            }
            checks.push_back(std::move(one));
        }
    }
    return {{"version", 1}, {"verdict", word(verdict(diagnosis))}, {"checks", std::move(checks)}};
}

std::vector<std::string> render_diagnosis(const Diagnosis& diagnosis, const Screen& screen) {
    std::vector<Line> lines;
    for (const auto& examined : diagnosis) {
        if (!lines.empty()) {
            lines.emplace_back();
        }
        lines.push_back(Line{}.add(examined.subject, Style::strong));
        for (const auto& check : examined.checks) {
            add_check(lines, check, screen);
        }
    }
    std::vector<std::string> drawn;
    drawn.reserve(lines.size());
    for (const auto& line : lines) {
        drawn.push_back(line.on(screen));
    }
    return drawn;
}

}  // namespace paws::pawsctl
