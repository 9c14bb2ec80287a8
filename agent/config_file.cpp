#include "agent/config_file.h"

#include "agent/config_checks.h"
#include "agent/config_place.h"
#include "agent/section.h"
#include "agent/web_access.h"
#include "core/text.h"
#include "forwarder/redactor.h"
#include "platform/denied.h"
#include "platform/root_fs.h"

#include <algorithm>

namespace paws::agent {

namespace {

void read_agent(Section& section, AgentSection& agent) {
    section.take("state_dir", agent.state_dir, check_path);
    section.take("keep_jobs", agent.keep_jobs, check_keep);
    section.take("runtime_dir", agent.runtime_dir, check_runtime_dir);
    section.take("root", agent.root, check_path);
    section.take("environment", agent.environment, check_environment);
    auto level = static_cast<std::size_t>(agent.log_level);
    section.take("log_level", level, log_level_names);
    agent.log_level = static_cast<LogLevel>(level);
}

void read_web(Section& section, WebSection& web) {
    section.take("listen", web.listen, check_listen);
    auto sorted = web.listen;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
        section.report("listen", "names '" + *twice + "' twice");
    }
    section.take("tls_cert", web.tls_cert, check_path_or_empty);
    section.take("tls_key", web.tls_key, check_path_or_empty);
    section.take("client_ca", web.client_ca, check_path_or_empty);
    section.take("token_file", web.token_file, check_path_or_empty);
}

// Of all documents together: a drop-in may name the key of another's certificate.
std::optional<WebFault> fault_of(const WebSection& web) {
    if (web.tls_cert.empty() != web.tls_key.empty()) {
        return web.tls_key.empty() ? WebFault{.key = "tls_cert", .what = "needs 'tls_key'"}
                                   : WebFault{.key = "tls_key", .what = "needs 'tls_cert'"};
    }
    if (!web.client_ca.empty() && web.tls_cert.empty()) {
        return WebFault{.key = "client_ca",
                        .what =
                            "needs 'tls_cert' and 'tls_key': clients show certificates over "
                            "TLS only"};
    }
    return std::nullopt;
}

std::string fault_of(const JournalSection& journal) {
    return journal.directory.empty() || journal.namespace_id.empty()
               ? ""
               : "[journal] takes 'directory' or 'namespace', not both";
}

void read_journal(Section& section, JournalSection& journal) {
    section.take("directory", journal.directory, check_path_or_empty);
    section.take("namespace", journal.namespace_id, check_journal_namespace);
}

void read_static_runner(Section& section, std::vector<collectors::StaticRunner>& runners) {
    collectors::StaticRunner runner;
    section.require("name");
    section.require("root");
    section.take("name", runner.name, check_runner_name);
    section.take("root", runner.root, check_path);
    section.take("unit", runner.unit, check_unit_or_empty);
    if (runner.name.empty()) {
        return;
    }
    if (std::ranges::find(runners, runner.name, &collectors::StaticRunner::name) != runners.end()) {
        section.report("name", "'" + printable(runner.name) + "' is already another runner's");
        return;
    }
    runners.push_back(std::move(runner));
}

void read_runners(Section& section, RunnersSection& runners) {
    section.take("discover", runners.discover);
    section.take_sections("static",
                          [&](Section& table) { read_static_runner(table, runners.fixed); });
}

void read_collectors(Section& section, CollectorsSection& collectors) {
    section.take_named(collector_names, [&](const std::string& name, Section& table) {
        auto collector = collectors.of(name);
        table.take("enabled", collector.enabled);
        table.take("deadline", collector.deadline, check_deadline);
        if (name == "filesystem") {
            table.take("exclude_mountpoints", collectors.exclude_mountpoints, check_path);
            table.take("exclude_fstypes", collectors.exclude_fstypes, check_word);
        }
        collectors.by_name[name] = collector;
    });
}

void read_github(Section& section, GithubSection& github) {
    section.take("api_url", github.api_url, check_api_url);
    section.take("token_file", github.token_file, check_path_or_empty);
    section.take("app_id", github.app_id, check_app_id_or_empty);
    section.take("app_key_file", github.app_key_file, check_path_or_empty);
    section.take("installation_id", github.installation_id, check_number_or_empty);
    section.take("ca_file", github.ca_file, check_path_or_empty);
    section.take("proxy", github.proxy, check_proxy_or_empty);
    section.take("interval", github.interval, check_api_interval);
    section.take("jobs", github.jobs);
}

// Of all documents together: one may name the App, another where its key is.
std::string fault_of(const GithubSection& github) {
    const bool any =
        !github.app_id.empty() || !github.app_key_file.empty() || !github.installation_id.empty();
    const bool all =
        !github.app_id.empty() && !github.app_key_file.empty() && !github.installation_id.empty();
    if (any && !github.token_file.empty()) {
        return "[github] takes 'token_file' or an App, not both";
    }
    return any && !all ? "[github] an App needs 'app_id', 'app_key_file' and 'installation_id'"
                       : "";
}

void read_redaction(Section& section, std::vector<forwarder::RedactionRule>& rules) {
    forwarder::RedactionRule rule;
    section.require("name");
    section.require("pattern");
    section.take("name", rule.name, check_rule_name);
    section.take("pattern", rule.pattern);
    if (rule.name.empty() || rule.pattern.empty()) {
        return;
    }
    if (const auto made = forwarder::Redactor::create({rule}); !made) {
        section.report("pattern", "cannot be used: " + made.error().what);
        return;
    }
    rules.push_back(std::move(rule));
}

template <class Word, class Words>
void take_word(Section& section, std::string_view key, Word& setting, const Words& words) {
    auto at = static_cast<std::size_t>(setting);
    section.take(key, at, words);
    setting = static_cast<Word>(at);
}

void read_logs(Section& section, LogsSection& logs) {
    section.take("loki_url", logs.loki_url, check_loki_url_or_empty);
    section.take("tenant", logs.tenant, check_header_word);
    section.take("user", logs.user, check_header_word);
    section.take("password_file", logs.password_file, check_path_or_empty);
    section.take("token_file", logs.token_file, check_path_or_empty);
    section.take("ca_file", logs.ca_file, check_path_or_empty);
    section.take("cert_file", logs.cert_file, check_path_or_empty);
    section.take("key_file", logs.key_file, check_path_or_empty);
    section.take("proxy", logs.proxy, check_proxy_or_empty);
    section.take("timeout", logs.timeout, check_push_timeout);
    take_word(section, "start", logs.start, log_start_names);
    section.take("units", logs.units, check_unit_pattern);
    section.take("identifiers", logs.identifiers, check_identifier);
    take_word(section, "priority", logs.priority, forwarder::priority_names);
    section.take("diag", logs.diag);
    section.take("labels", logs.labels, check_label);
    take_word(section, "metadata", logs.metadata, log_metadata_names);
    section.take("batch_bytes", logs.batch_bytes, check_batch_bytes);
    section.take("batch_lines", logs.batch_lines, check_batch_lines);
    section.take("batch_wait", logs.batch_wait, check_batch_wait);
    section.take_sections("redact", [&](Section& table) { read_redaction(table, logs.redact); });
}

// Of all documents together.
std::string fault_of(const LogsSection& logs) {
    if (!logs.token_file.empty() && (!logs.user.empty() || !logs.password_file.empty())) {
        return "[logs] takes 'token_file' or 'user' with 'password_file', not both";
    }
    if (logs.user.empty() != logs.password_file.empty()) {
        return "[logs] 'user' and 'password_file' need each other";
    }
    if (logs.cert_file.empty() != logs.key_file.empty()) {
        return "[logs] 'cert_file' and 'key_file' need each other";
    }
    if (const auto made = forwarder::Redactor::create(logs.redact); !made) {
        return "[[logs.redact]] cannot be used: " + made.error().what;
    }
    static constexpr std::size_t most_labels = 5;
    return logs.labels.size() > most_labels ? "[logs] 'labels' has more than 5 of them" : "";
}

void read_file(Section& file, Config& config) {
    file.take_section("agent", [&](Section& section) { read_agent(section, config.agent); });
    file.take_section("web", [&](Section& section) { read_web(section, config.web); });
    file.take_section("journal", [&](Section& section) { read_journal(section, config.journal); });
    file.take_section("runners", [&](Section& section) { read_runners(section, config.runners); });
    file.take_section("collectors",
                      [&](Section& section) { read_collectors(section, config.collectors); });
    file.take_section("github", [&](Section& section) { read_github(section, config.github); });
    file.take_section("logs", [&](Section& section) { read_logs(section, config.logs); });
    file.take_section("exporter", [&](Section& section) {
        section.take("legacy_metrics", config.exporter.legacy_metrics);
    });
    file.finish();
}

// Tables within tables are freed by recursion: a key of many thousand parts overflows the stack.
constexpr std::size_t most_dots = 64;

// Where the string that opens at `at` closes; the line's end when it does not.
std::size_t end_of_string(std::string_view line, std::size_t at) {
    const char quote = line[at++];
    while (at < line.size() && line[at] != quote) {
        at += quote == '"' && line[at] == '\\' ? 2U : 1U;
    }
    return at;
}

// Dots outside strings and comments, as far as one line tells.
std::size_t dots_in(std::string_view line) {
    std::size_t dots = 0;
    for (std::size_t at = 0; at < line.size() && line[at] != '#'; ++at) {
        if (line[at] == '"' || line[at] == '\'') {
            at = end_of_string(line, at);
        } else if (line[at] == '.') {
            ++dots;
        }
    }
    return dots;
}

// The number of the first line with such a key; 0 when there is none.
std::size_t line_of_long_key(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        if (dots_in(take_until(text, '\n')) > most_dots) {
            return number;
        }
    }
    return 0;
}

void read_document(const Document& document, Config& config, std::vector<Fault>& faults) {
    if (const auto line = line_of_long_key(document.text); line != 0) {
        faults.push_back(
            {.file = document.name, .line = line, .column = 1, .what = "a key has too many parts"});
        return;
    }
    try {
        const auto table = toml::parse(document.text, document.name);
        Section file{table, "", faults};
        read_file(file, config);
    } catch (const toml::parse_error& error) {
        faults.push_back({.file = document.name,
                          .line = error.source().begin.line,
                          .column = error.source().begin.column,
                          .what = printable(error.description())});
    }
}

std::string shown(const std::vector<Document>& documents, const WebFault& fault) {
    return place_of(documents, "web", fault.key) + ": [web] '" + std::string{fault.key} + "' " +
           fault.what;
}

Error with_way(const Error& error, const std::string& file) {
    return {error.code,
            error.what + (error.code == Errc::denied ? platform::way_to_read(file) : "")};
}

Error read_failure(const std::string& file, const Error& error) {
    return error.code == Errc::absent
               ? Error{error.code, file + ": there is no such file; --config FILE names another"}
               : with_way(error, file);
}

struct Place {
    std::string directory;
    std::string file;
};

Place split(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) {
        return {.directory = ".", .file = path};
    }
    return {.directory = slash == 0 ? "/" : path.substr(0, slash), .file = path.substr(slash + 1)};
}

// The drop-ins' names, sorted; none when there is no directory.
Result<std::vector<std::string>> drop_ins(const platform::RootFs& directory) {
    auto names = directory.list("conf.d", config_drop_ins_limit);
    if (!names) {
        return names.error().code == Errc::absent ? Result{std::vector<std::string>{}} : names;
    }
    std::erase_if(*names, [](const std::string& name) {
        return name.starts_with('.') || !name.ends_with(".toml");
    });
    return names;
}

Result<std::vector<Document>> read_documents(const std::string& path, MissingFile missing) {
    const auto place = split(path);
    const auto directory = platform::RootFs::open(place.directory);
    if (!directory) {
        const bool fine = directory.error().code == Errc::absent && missing == MissingFile::is_fine;
        return fine ? Result{std::vector<Document>{}} : read_failure(path, directory.error());
    }
    std::vector<Document> documents;
    const auto main_file = directory->read(place.file, config_file_limit);
    if (main_file) {
        documents.push_back({path, *main_file});
    } else if (main_file.error().code != Errc::absent || missing == MissingFile::is_an_error) {
        return read_failure(path, main_file.error());
    }
    const auto names = drop_ins(*directory);
    const auto folder = (place.directory == "." ? "" : place.directory + "/") + "conf.d";
    if (!names) {
        return with_way(names.error(), folder);
    }
    const auto inside = folder + "/";
    for (const auto& name : *names) {
        const auto file = inside + name;
        const auto text = directory->read("conf.d/" + name, config_file_limit);
        if (!text) {
            return with_way(text.error(), file);
        }
        documents.push_back({file, *text});
    }
    return documents;
}

}  // namespace

Result<Config> parse_config(const std::vector<Document>& documents) {
    Config config;
    std::string faults_text;
    for (const auto& document : documents) {
        std::vector<Fault> faults;
        read_document(document, config, faults);
        std::ranges::stable_sort(faults, [](const Fault& left, const Fault& right) {
            return std::pair{left.line, left.column} < std::pair{right.line, right.column};
        });
        for (const auto& fault : faults) {
            faults_text += (faults_text.empty() ? "" : "\n") + to_string(fault);
        }
    }
    if (const auto fault = fault_of(config.web); faults_text.empty() && fault) {
        faults_text = shown(documents, *fault);
    }
    for (const auto& fault :
         {fault_of(config.journal), fault_of(config.github), fault_of(config.logs)}) {
        if (faults_text.empty() && !fault.empty()) {
            faults_text = documents.back().name + ": " + fault;
        }
    }
    if (!faults_text.empty()) {
        return Error{Errc::malformed, faults_text};
    }
    return config;
}

Result<LoadedConfig> load_config(const std::string& path,
                                 MissingFile missing,
                                 std::chrono::milliseconds patience) {
    const auto documents = read_documents(path, missing);
    if (!documents) {
        return documents.error();
    }
    auto config = parse_config(*documents);
    if (!config) {
        return config.error();
    }
    if (const auto fault = fault_of_files(config->web, patience)) {
        return Error{fault->code, shown(*documents, *fault)};
    }
    LoadedConfig loaded{.config = std::move(*config), .files = {}};
    for (const auto& document : *documents) {
        loaded.files.push_back(document.name);
    }
    return loaded;
}

}  // namespace paws::agent
