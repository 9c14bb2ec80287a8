#include "pawsctl/fact_sheet.h"
#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/log_state.h"
#include "pawsctl/render_logs.h"

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

// "12 ms", "3.2 s"
std::string took(const Object& trial, std::string_view key) {
    const auto seconds = number(trial, key);
    return !seconds       ? not_known
           : *seconds < 1 ? decimal(*seconds * 1000, 0) + " ms"
                          : decimal(*seconds, 1) + " s";
}

void step(FactSheet& sheet, std::string_view label, bool well, const std::string& words) {
    sheet.fact(label, words, well ? Style::good : Style::bad);
}

void add_failed_push(FactSheet& sheet, const Object& trial) {
    const auto trouble = text(trial, "push_trouble");
    step(sheet, "pushed", false, "no, after " + took(trial, "push_seconds") + ": " + trouble);
    const auto advice = advice_for(trouble, text(trial, "url"));
    sheet.fact("look at", advice.words);
    sheet.command(advice.command);
}

void add_query(FactSheet& sheet, const Object& trial) {
    sheet.sentence("Look for it yourself, in Grafana's Explore:");
    sheet.command(text(trial, "query"));
}

void add_search(FactSheet& sheet, const Object& trial) {
    const auto found = text(trial, "found");
    if (found == "yes") {
        step(sheet, "found", true, "yes, after " + took(trial, "found_seconds"));
        sheet.gap();
        sheet.sentence("Lines of this host reach Loki and are found there.");
        return;
    }
    if (found == "no") {
        step(sheet, "found", false, "no, not within " + took(trial, "found_seconds"));
        sheet.gap();
        sheet.sentence(
            "Loki took the line and does not show it: it may show lines late, or file them under "
            "another tenant than it searches ([logs] tenant).");
    } else {
        sheet.fact("found", "not known: " + text(trial, "find_trouble"), Style::warning);
        sheet.gap();
        sheet.sentence(
            "This proves only half: Loki took the line, and the agent cannot look whether it is "
            "there. Who may push may not always read.");
    }
    add_query(sheet, trial);
}

}  // namespace

std::vector<std::string> render_trial(const Object& trial, const Screen& screen) {
    FactSheet sheet{screen};
    sheet.fact("Loki", text(trial, "url"));
    if (!flag(trial, "pushed").value_or(false)) {
        add_failed_push(sheet, trial);
        return std::move(sheet).rows();
    }
    step(sheet, "pushed", true, "yes, in " + took(trial, "push_seconds"));
    add_search(sheet, trial);
    return std::move(sheet).rows();
}

}  // namespace paws::pawsctl
