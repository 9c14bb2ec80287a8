#include "agent/config_text.h"

#include "core/duration.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace paws::agent {

namespace {

// A TOML basic string; the configuration's strings are valid UTF-8 already.
std::string quoted(std::string_view text) {
    std::string shown = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            shown += '\\';
            shown += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            shown += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        } else {
            shown += c;
        }
    }
    return shown + "\"";
}

std::string quoted(const std::vector<std::string>& list) {
    std::string shown;
    for (const auto& entry : list) {
        shown += (shown.empty() ? "" : ", ") + quoted(entry);
    }
    return "[" + shown + "]";
}

std::string shown(bool value) {
    return value ? "true" : "false";
}

void append_collectors(const CollectorsSection& collectors, std::vector<Setting>& list) {
    for (const auto name : collector_names) {
        const auto section = "collectors." + std::string{name};
        const auto collector = collectors.of(name);
        list.push_back({section, "enabled", shown(collector.enabled)});
        list.push_back({section, "deadline", quoted(duration_text(collector.deadline))});
        if (name == "filesystem") {
            list.push_back(
                {section, "exclude_mountpoints", quoted(collectors.exclude_mountpoints)});
            list.push_back({section, "exclude_fstypes", quoted(collectors.exclude_fstypes)});
        }
    }
}

void append_github(const GithubSection& github, std::vector<Setting>& list) {
    list.push_back({"github", "api_url", quoted(github.api_url)});
    list.push_back({"github", "token_file", quoted(github.token_file)});
    list.push_back({"github", "app_id", quoted(github.app_id)});
    list.push_back({"github", "app_key_file", quoted(github.app_key_file)});
    list.push_back({"github", "installation_id", quoted(github.installation_id)});
    list.push_back({"github", "ca_file", quoted(github.ca_file)});
    list.push_back({"github", "proxy", quoted(github.proxy)});
    list.push_back({"github", "interval", quoted(duration_text(github.interval))});
    list.push_back({"github", "jobs", shown(github.jobs)});
}

std::string quoted(const std::map<std::string, std::string>& table) {
    std::string shown;
    for (const auto& [name, value] : table) {
        shown += (shown.empty() ? "" : ", ") + name + " = " + quoted(value);
    }
    return shown.empty() ? "{}" : "{ " + shown + " }";
}

void append_logs(const LogsSection& logs, std::vector<Setting>& list) {
    const auto word = [](const auto& words, auto at) {
        return quoted(words.at(static_cast<std::size_t>(at)));
    };
    list.push_back({"logs", "loki_url", quoted(logs.loki_url)});
    list.push_back({"logs", "tenant", quoted(logs.tenant)});
    list.push_back({"logs", "user", quoted(logs.user)});
    list.push_back({"logs", "password_file", quoted(logs.password_file)});
    list.push_back({"logs", "token_file", quoted(logs.token_file)});
    list.push_back({"logs", "ca_file", quoted(logs.ca_file)});
    list.push_back({"logs", "cert_file", quoted(logs.cert_file)});
    list.push_back({"logs", "key_file", quoted(logs.key_file)});
    list.push_back({"logs", "proxy", quoted(logs.proxy)});
    list.push_back({"logs", "timeout", quoted(duration_text(logs.timeout))});
    list.push_back({"logs", "start", word(log_start_names, logs.start)});
    list.push_back({"logs", "units", quoted(logs.units)});
    list.push_back({"logs", "identifiers", quoted(logs.identifiers)});
    list.push_back({"logs", "priority", word(forwarder::priority_names, logs.priority)});
    list.push_back({"logs", "diag", shown(logs.diag)});
    list.push_back({"logs", "labels", quoted(logs.labels)});
    list.push_back({"logs", "metadata", word(log_metadata_names, logs.metadata)});
    list.push_back({"logs", "batch_bytes", std::to_string(logs.batch_bytes)});
    list.push_back({"logs", "batch_lines", std::to_string(logs.batch_lines)});
    list.push_back({"logs", "batch_wait", quoted(duration_text(logs.batch_wait))});
    for (const auto& rule : logs.redact) {
        list.push_back({"[logs.redact]", "name", quoted(rule.name)});
        list.push_back({"[logs.redact]", "pattern", quoted(rule.pattern)});
    }
}

std::string line_of(const Setting& setting) {
    return "[" + setting.section + "] " + setting.key + ": ";
}

}  // namespace

std::vector<Setting> settings(const Config& config) {
    const auto level = log_level_names.at(static_cast<std::size_t>(config.agent.log_level));
    std::vector<Setting> list{
        {"agent", "state_dir", quoted(config.agent.state_dir)},
        {"agent", "keep_jobs", quoted(duration_text(config.agent.keep_jobs))},
        {"agent", "runtime_dir", quoted(config.agent.runtime_dir)},
        {"agent", "root", quoted(config.agent.root)},
        {"agent", "environment", quoted(config.agent.environment)},
        {"agent", "log_level", quoted(level)},
        {"web", "listen", quoted(config.web.listen)},
        {"web", "tls_cert", quoted(config.web.tls_cert)},
        {"web", "tls_key", quoted(config.web.tls_key)},
        {"web", "client_ca", quoted(config.web.client_ca)},
        {"web", "token_file", quoted(config.web.token_file)},
        {"journal", "directory", quoted(config.journal.directory)},
        {"journal", "namespace", quoted(config.journal.namespace_id)},
        {"runners", "discover", shown(config.runners.discover)},
    };
    for (const auto& runner : config.runners.fixed) {
        list.push_back({"[runners.static]", "name", quoted(runner.name)});
        list.push_back({"[runners.static]", "root", quoted(runner.root)});
        list.push_back({"[runners.static]", "unit", quoted(runner.unit)});
    }
    append_collectors(config.collectors, list);
    append_github(config.github, list);
    append_logs(config.logs, list);
    list.push_back({"exporter", "legacy_metrics", shown(config.exporter.legacy_metrics)});
    return list;
}

std::string config_text(const Config& config) {
    std::string text;
    std::string section;
    for (const auto& setting : settings(config)) {
        const bool next_table = setting.section.starts_with('[') && setting.key == "name";
        if (setting.section != section || next_table) {
            section = setting.section;
            text += (text.empty() ? "[" : "\n[") + section + "]\n";
        }
        text += setting.key + " = " + setting.value + "\n";
    }
    return text;
}

std::vector<std::string> differences(const Config& before, const Config& after) {
    const auto old_list = settings(before);
    const auto new_list = settings(after);
    std::vector<std::string> lines;
    for (const auto& setting : new_list) {
        if (std::ranges::find(old_list, setting) != old_list.end()) {
            continue;
        }
        const auto same_key = std::ranges::find_if(old_list, [&](const Setting& old) {
            return old.section == setting.section && old.key == setting.key &&
                   !old.section.starts_with('[');
        });
        lines.push_back(line_of(setting) +
                        (same_key == old_list.end() ? "" : same_key->value + " -> ") +
                        setting.value);
    }
    for (const auto& setting : old_list) {
        if (setting.section.starts_with('[') &&
            std::ranges::find(new_list, setting) == new_list.end()) {
            lines.push_back(line_of(setting) + setting.value + " is gone");
        }
    }
    return lines;
}

}  // namespace paws::agent
