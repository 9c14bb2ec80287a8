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

std::vector<std::string> drawn(const Check& check, const Screen& screen) {
    auto begin = Line{}.add(mark(check.verdict, screen), style(check.verdict)).add(" ");
    begin.add(check.name).tab(what_begin);
    std::vector<std::string> rows;
    for (const auto& line : wrapped(std::move(begin), check.what, what_lines, screen)) {
        rows.push_back(line.on(screen));
    }
    if (!check.fix.empty()) {
        // On a line of its own and whole, however long: to be copied.
        auto whole = screen;
        whole.columns.reset();
        rows.push_back(
            Line{}.add(screen.unicode ? "  → " : "  > ", Style::faint).add(check.fix).on(whole));
    }
    return rows;
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
    std::vector<std::string> rows;
    for (const auto& examined : diagnosis) {
        if (!rows.empty()) {
            rows.emplace_back();
        }
        rows.push_back(Line{}.add(examined.subject, Style::strong).on(screen));
        for (const auto& check : examined.checks) {
            std::ranges::move(drawn(check, screen), std::back_inserter(rows));
        }
    }
    return rows;
}

}  // namespace paws::pawsctl
