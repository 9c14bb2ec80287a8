#include "exporter/sections.h"

#include <array>

namespace paws::exporter {

namespace {

constexpr std::string_view never = "never";
constexpr std::string_view no_proc_self = "/proc/self cannot be read";

void build_info(const View& view, Series& out) {
    out.add(1, {view.agent.version, view.agent.revision});
}

void collector_success(const View& view, Series& out) {
    for (const auto& collector : view.snapshot.collectors) {
        out.add(collector.success ? 1 : 0, {collector.name});
    }
}

void collector_duration(const View& view, Series& out) {
    for (const auto& collector : view.snapshot.collectors) {
        out.add(to_seconds(collector.duration), {collector.name});
    }
}

void snapshot_timestamp(const View& view, Series& out) {
    out.add(to_unix_seconds(view.snapshot.taken.wall));
}

void config_reload(const View& view, Series& out) {
    out.add(view.snapshot.config_reload_successful ? 1 : 0);
}

template <auto Member>
void process_stat(const View& view, Series& out) {
    if (const auto& value = view.agent.process.*Member) {
        out.add(*value);
    }
}

void process_start(const View& view, Series& out) {
    if (const auto& started = view.agent.process.started) {
        out.add(to_unix_seconds(*started));
    }
}

void store_corruptions(const View& view, Series& out) {
    out.add(view.snapshot.store_corruptions);
}

void certificate_expiry(const View& view, Series& out) {
    if (const auto& end = view.agent.web.certificate_expires) {
        out.add(to_unix_seconds(*end));
    }
}

void web_reload(const View& view, Series& out) {
    const auto& web = view.agent.web;
    if (web.tls_good) {
        out.add(*web.tls_good ? 1 : 0, {"tls"});
    }
    if (web.tokens_good) {
        out.add(*web.tokens_good ? 1 : 0, {"tokens"});
    }
}

void web_refused(const View& view, Series& out) {
    const auto& refusals = view.agent.refusals;
    out.add(refusals.no_token, {"no_token"});
    out.add(refusals.wrong_token, {"wrong_token"});
    out.add(refusals.too_many, {"too_many"});
    out.add(refusals.too_often, {"too_often"});
}

void handshakes_refused(const View& view, Series& out) {
    if (const auto& counts = view.agent.handshakes_refused) {
        for (std::size_t fault = 0; fault < counts->size(); ++fault) {
            out.add((*counts)[fault], {handshake_faults[fault]});
        }
    }
}

constexpr std::array agent_table{
    Metric{.name = "paws_agent_build_info",
           .kind = Kind::info,
           .labels = "version,revision",
           .help = "The agent's version and the revision it was built from.",
           .absent = never,
           .fill = build_info},
    Metric{.name = "paws_agent_collector_success",
           .labels = "collector",
           .help = "Whether the collector answered by its deadline in this tick; store is the "
                   "agent's own database.",
           .absent = "the collector is switched off",
           .fill = collector_success},
    Metric{.name = "paws_agent_collector_duration_seconds",
           .unit = "seconds",
           .labels = "collector",
           .help = "How long the collector's last finished round took.",
           .absent = "the collector is switched off",
           .fill = collector_duration},
    Metric{.name = "paws_agent_snapshot_timestamp_seconds",
           .unit = "seconds",
           .help = "When the facts of this answer were complete, in Unix time.",
           .absent = never,
           .fill = snapshot_timestamp},
    Metric{.name = "paws_agent_config_last_reload_successful",
           .help = "Whether the configuration was good when it was last loaded; else the one "
                   "before it is in force.",
           .absent = never,
           .fill = config_reload},
    Metric{.name = "paws_agent_web_certificate_expiry_timestamp_seconds",
           .unit = "seconds",
           .help = "When the first of the certificates that the agent shows expires, in Unix time.",
           .absent = "HTTP is served without TLS ([web] tls_cert)",
           .fill = certificate_expiry},
    Metric{.name = "paws_agent_web_last_reload_successful",
           .labels = "files",
           .help =
               "Whether certificate, key and client CA (tls) and the token file (tokens) were "
               "good when they last changed, and answer; else what they held before is in force.",
           .absent = "[web] does not name these files",
           .fill = web_reload},
    Metric{.name = "paws_agent_web_refused_total",
           .kind = Kind::counter,
           .labels = "reason",
           .help = "Requests that brought no token or a wrong one, those with one more wrong token "
                   "than an address has a minute (too_many), and those of an address that asked "
                   "for the page or the API more than 3000 times in a minute (too_often), since "
                   "the agent started.",
           .absent = never,
           .fill = web_refused},
    Metric{.name = "paws_agent_web_handshakes_refused_total",
           .kind = Kind::counter,
           .labels = "reason",
           .help = "TLS handshakes that failed since the agent started: the client had no "
                   "certificate or one that does not do, had no version or cipher in common, "
                   "refused the agent's certificate, or something other, such as plain HTTP.",
           .absent = "HTTP is served without TLS ([web] tls_cert)",
           .fill = handshakes_refused},
    Metric{.name = "paws_agent_store_corruptions_total",
           .kind = Kind::counter,
           .help = "Damaged databases that were set aside since the agent started; each took the "
                   "job history before it along.",
           .absent = never,
           .fill = store_corruptions},
};

constexpr std::array process_table{
    Metric{.name = "process_cpu_seconds_total",
           .kind = Kind::counter,
           .unit = "seconds",
           .help = "User and system CPU time of the agent.",
           .absent = no_proc_self,
           .fill = process_stat<&ProcessStats::cpu_seconds>},
    Metric{.name = "process_resident_memory_bytes",
           .unit = "bytes",
           .help = "Resident memory of the agent.",
           .absent = no_proc_self,
           .fill = process_stat<&ProcessStats::resident_bytes>},
    Metric{.name = "process_virtual_memory_bytes",
           .unit = "bytes",
           .help = "Virtual memory of the agent.",
           .absent = no_proc_self,
           .fill = process_stat<&ProcessStats::virtual_bytes>},
    Metric{.name = "process_open_fds",
           .help = "File descriptors that the agent has open.",
           .absent = no_proc_self,
           .fill = process_stat<&ProcessStats::open_fds>},
    Metric{.name = "process_max_fds",
           .help = "File descriptors that the agent may have open.",
           .absent = "no limit is set, or /proc/self cannot be read",
           .fill = process_stat<&ProcessStats::max_fds>},
    Metric{.name = "process_start_time_seconds",
           .unit = "seconds",
           .help = "When the agent started, in Unix time.",
           .absent = no_proc_self,
           .fill = process_start},
};

}  // namespace

std::span<const Metric> agent_metrics() {
    return agent_table;
}

std::span<const Metric> process_metrics() {
    return process_table;
}

}  // namespace paws::exporter
