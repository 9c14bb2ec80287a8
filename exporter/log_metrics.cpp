#include "exporter/sections.h"

#include <array>

namespace paws::exporter {

namespace {

constexpr std::string_view not_shipped = "no logs are shipped ([logs] loki_url)";

const LogShipping* logs_of(const View& view) {
    return view.snapshot.logs && !view.outdated ? &*view.snapshot.logs : nullptr;
}

template <class Word>
std::uint64_t count_of(const std::map<Word, std::uint64_t>& counts, Word word) {
    const auto found = counts.find(word);
    return found == counts.end() ? 0 : found->second;
}

void entries_read(const View& view, Series& out) {
    if (const auto* logs = logs_of(view)) {
        for (const auto source : log_sources) {
            out.add(count_of(logs->counts.read, source), {to_string(source)});
        }
    }
}

template <auto Member>
void counted(const View& view, Series& out) {
    if (const auto* logs = logs_of(view)) {
        out.add(logs->counts.*Member);
    }
}

void lost(const View& view, Series& out) {
    if (const auto* logs = logs_of(view)) {
        for (const auto loss : log_losses) {
            out.add(count_of(logs->counts.lost, loss), {to_string(loss)});
        }
    }
}

void redactions(const View& view, Series& out) {
    if (const auto* logs = logs_of(view)) {
        for (const auto& [rule, count] : logs->counts.redactions) {
            out.add(count, {rule});
        }
    }
}

void push_duration(const View& view, Series& out) {
    if (const auto* logs = logs_of(view)) {
        out.add_histogram(push_duration_bounds_seconds,
                          logs->pushes.durations,
                          logs->pushes.duration_sum_seconds,
                          {});
    }
}

void failures(const View& view, Series& out) {
    if (const auto* logs = logs_of(view)) {
        for (const auto failure : push_failures) {
            out.add(count_of(logs->pushes.failures, failure), {to_string(failure)});
        }
    }
}

void lag(const View& view, Series& out) {
    const auto* logs = logs_of(view);
    const auto lag = logs == nullptr ? std::nullopt : lag_of(*logs, view.snapshot.taken.wall);
    if (lag) {
        out.add(to_seconds(*lag));
    }
}

void paused(const View& view, Series& out) {
    if (const auto* logs = logs_of(view)) {
        out.add(logs->state == ShippingState::paused ? 1 : 0);
    }
}

// At the start neither was looked at.
void readable(const View& view, Series& out) {
    const auto* logs = logs_of(view);
    if (logs == nullptr || logs->state == ShippingState::starting) {
        return;
    }
    out.add(logs->journal_trouble.empty() ? 1 : 0, {to_string(LogSource::journal)});
    if (logs->ships_traces) {
        out.add(logs->traces_trouble.empty() ? 1 : 0, {to_string(LogSource::diag)});
    }
}

void reserve(const View& view, Series& out) {
    const auto* logs = logs_of(view);
    if (logs != nullptr && logs->reserve_bytes) {
        out.add(*logs->reserve_bytes);
    }
}

constexpr std::array log_table{
    Metric{.name = "paws_logs_entries_read_total",
           .kind = Kind::counter,
           .labels = "source",
           .help = "Lines that were read of the journal and of the runners' traces (diag) and are "
                   "in Loki or in quarantine; of a very long line each part.",
           .absent = not_shipped,
           .fill = entries_read},
    Metric{.name = "paws_logs_entries_sent_total",
           .kind = Kind::counter,
           .help = "Lines that Loki took.",
           .absent = not_shipped,
           .fill = counted<&LogCounts::sent>},
    Metric{.name = "paws_logs_sent_bytes_total",
           .kind = Kind::counter,
           .unit = "bytes",
           .help = "Compressed bytes of the pushes that Loki took.",
           .absent = not_shipped,
           .fill = counted<&LogCounts::sent_bytes>},
    Metric{.name = "paws_logs_dropped_total",
           .kind = Kind::counter,
           .labels = "reason",
           .help = "Lines that will never be in Loki: journald removed them before they were read "
                   "(vacuumed) or took them not at all (suppressed), or their entry is damaged "
                   "(unreadable) or cut short (too_long).",
           .absent = not_shipped,
           .fill = lost},
    Metric{.name = "paws_logs_quarantined_total",
           .kind = Kind::counter,
           .help = "Lines that Loki refused by themselves and that were set aside; the newest wait "
                   "in the agent's database.",
           .absent = not_shipped,
           .fill = counted<&LogCounts::quarantined>},
    Metric{.name = "paws_logs_redactions_total",
           .kind = Kind::counter,
           .labels = "rule",
           .help = "Secrets that were taken out of lines.",
           .absent = not_shipped,
           .fill = redactions},
    Metric{.name = "paws_logs_journal_gaps_total",
           .kind = Kind::counter,
           .help = "Places where journald had removed entries before they were read.",
           .absent = not_shipped,
           .fill = counted<&LogCounts::gaps>},
    Metric{.name = "paws_logs_push_duration_seconds",
           .kind = Kind::histogram,
           .unit = "seconds",
           .help = "How long pushes took, failed ones too, since the agent started.",
           .absent = not_shipped,
           .fill = push_duration},
    Metric{.name = "paws_logs_push_failures_total",
           .kind = Kind::counter,
           .labels = "reason",
           .help = "Pushes that Loki did not take, since the agent started.",
           .absent = not_shipped,
           .fill = failures},
    Metric{.name = "paws_logs_lag_seconds",
           .unit = "seconds",
           .help = "Age of the oldest line that is known here and not in Loki; 0 when there is "
                   "none.",
           .absent =
               "no logs are shipped, or how far they are is not known: at the start, and when "
               "the journal cannot be read",
           .fill = lag},
    Metric{.name = "paws_logs_paused",
           .help = "Whether only an operator can help: Loki refuses the credentials, or the URL is "
                   "wrong.",
           .absent = not_shipped,
           .fill = paused},
    Metric{.name = "paws_logs_source_readable",
           .labels = "source",
           .help = "Whether the journal, and the traces of every runner (diag), can be read to be "
                   "shipped.",
           .absent = "no logs are shipped, or not yet; of diag also with [logs] diag = false",
           .fill = readable},
    Metric{.name = "paws_logs_journal_reserve_bytes",
           .unit = "bytes",
           .help =
               "What journald may still write before it removes files, and those that hold only "
               "what was read: it removes nothing that was not read before that is used up.",
           .absent = "no logs are shipped, or no line was read yet",
           .fill = reserve},
};

}  // namespace

std::span<const Metric> log_metrics() {
    return log_table;
}

}  // namespace paws::exporter
