// Config: what the operator decides. Every default stands here; no file is needed.

#pragma once

#include "collectors/all.h"
#include "forwarder/journal_filter.h"
#include "forwarder/redaction_rules.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace paws::agent {

enum class LogLevel { debug, info, warning, error };
inline constexpr std::array<std::string_view, 4> log_level_names{
    "debug", "info", "warning", "error"};

struct AgentSection {
    std::string state_dir = "/var/lib/paws-agent";
    std::string runtime_dir = "/run/paws-agent";
    std::string root = "/";  // where proc, sys and etc are read
    std::string environment = "production";
    LogLevel log_level = LogLevel::info;
    std::chrono::nanoseconds keep_jobs = std::chrono::days{90};

    bool operator==(const AgentSection&) const = default;
};

struct WebSection {
    std::vector<std::string> listen{":7297"};  // empty: no HTTP at all
    std::string tls_cert;
    std::string tls_key;
    std::string client_ca;   // whose clients alone are served
    std::string token_file;  // of those that are served

    bool operator==(const WebSection&) const = default;
};

struct JournalSection {
    std::string directory;     // empty: the system's journal
    std::string namespace_id;  // `namespace`; empty: the default one

    bool operator==(const JournalSection&) const = default;
};

struct RunnersSection {
    bool discover = true;
    std::vector<collectors::StaticRunner> fixed;  // [[runners.static]]

    bool operator==(const RunnersSection&) const = default;
};

struct CollectorSection {
    bool enabled = true;
    std::chrono::nanoseconds deadline = std::chrono::seconds{1};

    bool operator==(const CollectorSection&) const = default;
};

// The names a [collectors.NAME] may have: those of collectors::all().
inline constexpr std::array<std::string_view, 21> collector_names{
    "boot",      "cgroup",     "clock",        "cpu",          "directory_sizes",
    "disk",      "filesystem", "github_api",   "github_jobs",  "journal",
    "load",      "memory",     "network",      "oom",          "pressure",
    "processes", "reach",      "runner_files", "runner_trace", "sockets",
    "units"};

struct CollectorsSection {
    std::map<std::string, CollectorSection, std::less<>> by_name;  // only those that were written
    std::vector<std::string> exclude_mountpoints = collectors::default_excluded_mountpoints();
    std::vector<std::string> exclude_fstypes = collectors::default_excluded_fstypes();

    CollectorSection of(std::string_view name) const {
        const auto found = by_name.find(name);
        return found == by_name.end() ? CollectorSection{} : found->second;
    }

    bool operator==(const CollectorsSection&) const = default;
};

// What [github] says; its defaults stand where it is used.
using GithubSection = collectors::GithubSettings;

enum class LogMetadata { as_loki_can, structured, suffix };
inline constexpr std::array<std::string_view, 3> log_metadata_names{"auto", "structured", "suffix"};
enum class LogStart { now, beginning };
inline constexpr std::array<std::string_view, 2> log_start_names{"now", "beginning"};

struct LogsSection {
    std::string loki_url;  // empty: no logs are shipped
    std::string tenant;
    std::string user;
    std::string password_file;
    std::string token_file;
    std::string ca_file;
    std::string cert_file;
    std::string key_file;
    std::string proxy;
    std::chrono::nanoseconds timeout = std::chrono::seconds{10};
    LogStart start = LogStart::now;
    std::vector<std::string> units;        // names or globs; empty: all
    std::vector<std::string> identifiers;  // empty: all
    forwarder::Priority priority = forwarder::Priority::debug;
    bool diag = true;  // the runners' own traces
    std::map<std::string, std::string> labels;
    LogMetadata metadata = LogMetadata::as_loki_can;
    std::uint64_t batch_bytes = 1U << 20U;
    std::uint64_t batch_lines = 20'000;
    std::chrono::nanoseconds batch_wait = std::chrono::seconds{1};
    std::vector<forwarder::RedactionRule> redact;

    bool operator==(const LogsSection&) const = default;
};

struct ExporterSection {
    bool legacy_metrics = false;

    bool operator==(const ExporterSection&) const = default;
};

struct Config {
    AgentSection agent;
    WebSection web;
    JournalSection journal;
    RunnersSection runners;
    CollectorsSection collectors;
    GithubSection github;
    LogsSection logs;
    ExporterSection exporter;

    bool operator==(const Config&) const = default;
};

}  // namespace paws::agent
