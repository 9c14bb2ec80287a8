#include "pawsctl/render_logs.h"

#include "core/text.h"
#include "pawsctl/fact_sheet.h"
#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/log_state.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <cstdint>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

constexpr std::size_t shown_quarantined = 3;
// As the alert LogShippingBehindVacuum.
constexpr double small_reserve_bytes = 100e6;
constexpr double reserve_matters_seconds = 60;

// "12 345": a number of lines is read at a glance.
std::string grouped(double count) {
    auto digits = decimal(count, 0);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), " ");
    }
    return digits;
}

double count_of(const Object& counts, std::string_view key) {
    return number(counts, key).value_or(0);
}

std::string lines_of(double count) {
    return grouped(count) + (count == 1 ? " line" : " lines");
}

// "rate limited 12, network 4", the most first; those of zero are left out.
std::string counts_words(const Object& counts) {
    std::vector<std::pair<double, std::string>> all;
    for (const auto& [key, value] : counts) {
        const auto count = value.is_number() ? value.to_number<double>() : 0;
        if (count > 0) {
            all.emplace_back(count, printable({key.data(), key.size()}));
        }
    }
    std::ranges::stable_sort(all, std::ranges::greater{}, &std::pair<double, std::string>::first);
    std::vector<std::string> words;
    for (auto& [count, name] : all) {
        std::ranges::replace(name, '_', ' ');
        words.push_back(name + " " + grouped(count));
    }
    return joined(words, ", ");
}

// "2026-11-23 14:55:01 UTC, 5 min ago"
std::string when(const Object& of, std::string_view key, const Object& document) {
    const auto ago = age_of(of, key, document);
    if (!ago) {
        return {};
    }
    auto written = text(of, key).substr(0, std::string_view{"2026-11-23T14:55:01"}.size());
    std::ranges::replace(written, 'T', ' ');
    return written + " UTC, " + age(ago) + " ago";
}

std::vector<std::string> not_configured(const Screen& screen) {
    FactSheet sheet{screen};
    sheet.line(
        Line{}.add("no logs are shipped", Style::strong).add(": [logs] loki_url is not set"));
    sheet.gap();
    sheet.sentence("To ship this host's journal and its runners' traces to Loki, say where it is:");
    sheet.command(
        R"(printf '[logs]\nloki_url = "https://LOKI"\n' | sudo tee /etc/paws-agent/conf.d/logs.toml)");
    sheet.command("sudo systemctl reload paws-agent && pawsctl logs test");
    return std::move(sheet).rows();
}

std::string_view meaning(std::string_view state) {
    return state == "retrying"   ? ": lines wait in the journal"
           : state == "paused"   ? ": nothing is sent until somebody helps"
           : state == "starting" ? ": how far the agent had come is not known yet"
           : state == "shipping" ? ""
                                 : ": the agent answers but no longer looks";
}

void add_state(FactSheet& sheet, const Object& logs) {
    const auto verdict = logs_verdict(logs);
    const auto state = text(logs, "state");
    sheet.line(Line{}.add(state_words(logs), style_of(verdict)).add(meaning(state)));
    const auto trouble = text(logs, "trouble");
    if (!trouble.empty()) {
        sheet.fact("why", trouble, style_of(verdict));
    }
    if (state == "retrying" || state == "paused") {
        const auto advice = advice_for(trouble, text(logs, "url"));
        sheet.fact("look at", advice.words);
        sheet.command(advice.command);
        sheet.command("pawsctl logs test");
    } else if (verdict == Verdict::unknown) {
        sheet.command("journalctl -u paws-agent -n 50");
    }
}

void add_troubles(FactSheet& sheet, const Object& logs) {
    sheet.fact("journal", text(logs, "journal_trouble"), Style::bad);
    sheet.fact("traces", text(logs, "traces_trouble"), Style::warning);
    sheet.gap();
}

void add_place(FactSheet& sheet, const Object& logs) {
    sheet.fact("Loki", text(logs, "url"));
    const auto pushed = when(logs, "last_push", logs);
    sheet.fact("last push", pushed.empty() ? "none yet since the agent started" : pushed);
    const auto shipped = when(logs, "shipped_to", logs);
    sheet.fact("shipped", shipped.empty() ? "" : "the journal up to " + shipped);
    if (flag(logs, "begun_anew").value_or(false)) {
        sheet.fact("begun",
                   "anew: no place was kept to go on from; older lines are shipped with "
                   "paws-agent --since TIME",
                   Style::warning);
    }
}

void add_counts(FactSheet& sheet, const Object& logs) {
    const auto& counts = object(logs, "counts");
    const auto& read = object(counts, "read");
    sheet.fact("read",
               lines_of(count_of(read, "journal")) + " of the journal, " +
                   grouped(count_of(read, "diag")) + " of runners' traces");
    sheet.fact("sent",
               lines_of(count_of(counts, "sent")) + ", " + size(count_of(counts, "sent_bytes")) +
                   " over the wire");
    sheet.fact("redacted", counts_words(object(counts, "redactions")));
    sheet.fact("lost", counts_words(object(counts, "dropped")), Style::warning);
    const auto gaps = count_of(counts, "gaps");
    if (gaps > 0) {
        sheet.fact("gaps",
                   grouped(gaps) + ": there journald had removed entries before they were read",
                   Style::warning);
    }
    const auto failures = counts_words(object(counts, "push_failures"));
    sheet.fact("failures",
               failures.empty() ? "" : failures + ", of pushes since the agent started",
               Style::warning);
}

void add_reserve(FactSheet& sheet, const Object& logs) {
    const auto reserve = number(logs, "journal_reserve_bytes");
    if (!reserve) {
        return;
    }
    const bool matters = *reserve < small_reserve_bytes &&
                         number(logs, "lag_seconds").value_or(0) > reserve_matters_seconds;
    sheet.fact("reserve",
               size(reserve) + " until journald removes what waits" +
                   (matters ? "; soon lines are lost: SystemMaxUse= in journald.conf" : ""),
               matters ? Style::bad : Style::faint);
}

void add_quarantine(FactSheet& sheet, const Object& logs) {
    const auto count = count_of(object(logs, "counts"), "quarantined");
    const auto lines = objects(logs, "quarantine");
    if (count <= 0 && lines.empty()) {
        return;
    }
    const auto left_out = count_of(logs, "quarantine_left_out");
    sheet.fact(
        "refused",
        lines_of(count) + " by Loki alone, kept in the agent's database" +
            (left_out > 0 ? " but for " + grouped(left_out) + " that it could not take" : "") +
            "; the last:",
        Style::warning);
    const auto first = lines.size() - std::min(lines.size(), shown_quarantined);
    for (auto at = first; at < lines.size(); ++at) {
        const auto& one = *lines[at];
        const auto at_time = when(one, "time", logs);
        sheet.line(Line{}.tab(2).add(at_time.empty() ? not_known : at_time, Style::faint));
        sheet.sentence(text(one, "labels"), 4);
        sheet.line(Line{}.tab(4).add(text(one, "line")));
        sheet.sentence(text(one, "reason"), 4);
    }
}

}  // namespace

std::vector<std::string> render_logs(const Object& logs, const Screen& screen) {
    if (!flag(logs, "configured").value_or(true)) {
        return not_configured(screen);
    }
    FactSheet sheet{screen};
    add_state(sheet, logs);
    add_troubles(sheet, logs);
    add_place(sheet, logs);
    add_counts(sheet, logs);
    add_reserve(sheet, logs);
    add_quarantine(sheet, logs);
    return std::move(sheet).rows();
}

}  // namespace paws::pawsctl
