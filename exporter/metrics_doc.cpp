#include "exporter/metrics_doc.h"

#include "core/text.h"
#include "exporter/schema.h"

namespace paws::exporter {

namespace {

constexpr std::string_view introduction =
    R"(<!-- Made from the schema in exporter/ by paws_metrics_doc; do not edit by hand. -->
# Metrics

`GET /metrics` gives text 0.0.4, or OpenMetrics 1.0 to whoever asks for it; gzip by `Accept-Encoding`.
In OpenMetrics the family of a counter is named without `_total`, that of an info metric without `_info`.

- **Absent is never zero.** A fact that cannot be had, or is older than 30 s, has no series. When the agent itself
  stops collecting, every runner turns to state `unknown` and `paws_agent_snapshot_timestamp_seconds` stands still.
- **Label values that are known start at zero**, so that `increase()` sees the first event: results of jobs, reasons,
  exit codes, states, health, problems and kinds of processes.
- **Containers.** What a job runs in containers belongs to the container engine's cgroups, not to the runner's unit:
  it is in the host's numbers and in none of the runner's.
- **Beside node_exporter.** `paws_host_*`, `paws_filesystem_*`, `paws_disk_*` and `paws_network_*` repeat what node_exporter
  tells, with our prefix, for hosts that have none and for judging runners. Where it runs anyway, switch ours off by
  collector, for instance:

  ```toml
  [collectors.network]
  enabled = false
  ```

  Policy then judges without that fact; leave `cpu`, `memory` and `filesystem` on.

The labels of a metric stand in braces. A metric without a unit is a count or a truth (0 or 1).
)";

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::gauge:
            return "gauge";
        case Kind::counter:
            return "counter";
        case Kind::histogram:
            return "histogram";
        case Kind::info:
            return "info";
    }
    return "unknown";
}

// `|` would end the cell of a table.
void cell(std::string& doc, std::string_view text) {
    for (const char byte : text) {
        if (byte == '|') {
            doc += '\\';
        }
        doc += byte;
    }
    doc += " | ";
}

void row(std::string& doc, const Metric& metric) {
    doc += "| `";
    doc += metric.name;
    if (!metric.labels.empty()) {
        doc += '{';
        doc += metric.labels;
        doc += '}';
    }
    doc += "` | ";
    cell(doc, name_of(metric.kind));
    cell(doc, metric.unit);
    cell(doc, metric.help);
    cell(doc, metric.absent);
    doc.pop_back();
    doc += '\n';
}

void section(std::string& doc,
             std::string_view title,
             std::string_view about,
             std::span<const Metric> metrics) {
    doc += "\n## ";
    doc += title;
    doc += "\n\n";
    doc += about;
    doc += "\n\n| metric | type | unit | meaning | absent |\n|---|---|---|---|---|\n";
    for (const auto& metric : metrics) {
        row(doc, metric);
    }
}

}  // namespace

std::string metrics_doc() {
    std::string doc{introduction};
    for (const auto& each : schema()) {
        section(doc, each.title, each.about, each.metrics);
    }
    section(doc,
            "The earlier exporter's names",
            "With `legacy_metrics = true` in `[exporter]`, so that old dashboards live through the "
            "move. They say less: one runner per host, one filesystem, percents.",
            legacy_metrics());
    return doc;
}

}  // namespace paws::exporter
