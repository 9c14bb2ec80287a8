#include "pawsctl/diagnose_logs.h"

#include "core/text.h"
#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/log_state.h"
#include "pawsctl/shell_word.h"
#include "pawsctl/words.h"

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

constexpr double recent_seconds = 24 * 3600;
constexpr const char* look = "pawsctl logs status";

Check shipping(const Object& logs) {
    const auto trouble = text(logs, "trouble");
    const auto url = text(logs, "url");
    const auto state = text(logs, "state");
    const auto words = state_words(logs) + (url.empty() ? "" : ", to " + url);
    if (state == "shipping" && number(logs, "lag_seconds").value_or(0) <= late_seconds) {
        return well("shipping", words);
    }
    const auto advice =
        state == "retrying" || state == "paused" ? advice_for(trouble, url) : Advice{};
    const auto verdict = state == "shipping" ? Verdict::degraded : logs_verdict(logs);
    return found("shipping",
                 verdict,
                 words + (trouble.empty() ? "" : ": " + trouble) +
                     (advice.words.empty() ? "" : "; look at " + advice.words),
                 advice.command.empty() ? look : advice.command);
}

Check journal(const Object& logs) {
    const auto trouble = text(logs, "journal_trouble");
    if (trouble.empty()) {
        return well("journal", "read");
    }
    const bool denied = trouble.find("ermission denied") != std::string::npos;
    return found("journal",
                 Verdict::failed,
                 trouble,
                 denied ? "usermod -aG systemd-journal paws-agent && systemctl restart paws-agent"
                        : "journalctl -u paws-agent -n 50");
}

// "acme-widgets.build-01: /opt/runner/_diag: Permission denied"
std::string directory_in(std::string_view trouble) {
    const auto begin = trouble.find(": /");
    if (begin == std::string_view::npos) {
        return {};
    }
    const auto path = trouble.substr(begin + 2, trouble.find(": ", begin + 2) - begin - 2);
    constexpr std::string_view last = "/_diag";
    const auto end = path.find(last);
    return std::string{end == std::string_view::npos ? path : path.substr(0, end + last.size())};
}

Check traces(const Object& logs) {
    const auto trouble = text(logs, "traces_trouble");
    if (trouble.empty()) {
        return well("traces", "read, as far as runners have any");
    }
    const auto directory = directory_in(trouble);
    const bool denied = trouble.find("ermission denied") != std::string::npos;
    return found("traces",
                 Verdict::degraded,
                 trouble,
                 denied && !directory.empty()
                     ? "setfacl -m u:paws-agent:rx " + shell_quoted(directory)
                     : "journalctl -u paws-agent -n 50");
}

// Counted since the first day: an old one is a note, no fault of today.
Check refused(const Object& logs) {
    const auto count = number(object(logs, "counts"), "quarantined").value_or(0);
    if (count <= 0) {
        return well("quarantine", "Loki refused no line by itself");
    }
    std::optional<double> youngest;
    for (const auto* line : objects(logs, "quarantine")) {
        const auto ago = age_of(*line, "time", logs);
        youngest = ago && (!youngest || *ago < *youngest) ? ago : youngest;
    }
    const auto words = decimal(count, 0) + (count == 1 ? " line was" : " lines were") +
                       " refused by Loki alone, the last " + age(youngest) + " ago";
    return youngest && *youngest > recent_seconds
               ? unneeded("quarantine", words)
               : found("quarantine", Verdict::degraded, words, look);
}

Check gaps(const Object& logs) {
    const auto& counts = object(logs, "counts");
    const auto count = number(counts, "gaps").value_or(0);
    if (count <= 0) {
        return well("gaps", "journald kept every entry until it was read");
    }
    auto note = unneeded("gaps",
                         "journald had removed entries before they were read, " +
                             decimal(count, 0) + (count == 1 ? " time" : " times") +
                             " so far; keep more: SystemMaxUse= in journald.conf");
    note.fix = "journalctl --disk-usage";
    return note;
}

}  // namespace

std::optional<Examined> diagnose_logs(const Object& logs) {
    if (!flag(logs, "configured").value_or(false)) {
        return std::nullopt;
    }
    return Examined{
        .subject = "logs",
        .checks = {shipping(logs), journal(logs), traces(logs), refused(logs), gaps(logs)}};
}

}  // namespace paws::pawsctl
