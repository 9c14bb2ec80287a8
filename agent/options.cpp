#include "agent/options.h"

#include "agent/version.h"
#include "core/duration.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include <CLI/CLI.hpp>

namespace paws::agent {

namespace {

std::string check_span(const std::string& span) {
    return parse_duration(span) ? "" : "'" + span + "' is no time span; write 30m, 24h or 7d";
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
    Options options;
    std::string level;
    std::string since;
    CLI::App app{
        "Knows whether the GitHub Actions self-hosted runners of this host really work.\n"
        "Serves metrics and status on port 7297; ask it with pawsctl.",
        "paws-agent"};
    const auto* config =
        app.add_option(
               "--config", options.config_file, "Read this file and conf.d/*.toml beside it")
            ->type_name("FILE")
            ->capture_default_str();
    auto* const check = app.add_flag(
        "--check-config",
        options.only_check,
        "Say what is wrong with the configuration; as root, by the rights of user paws-agent");
    app.add_flag("--json", options.json, "Say it as JSON, for programs")->needs(check);
    const auto* log_level = app.add_option("--log-level", level, "Stronger than [agent] log_level")
                                ->type_name("debug|info|warning|error")
                                ->check(CLI::IsMember(std::vector<std::string>{
                                    log_level_names.begin(), log_level_names.end()}));
    const auto* const since_option =
        app.add_option("--since", since, "Ship logs from this long ago on, where no place is kept")
            ->type_name("2h")
            ->check(check_span);
    app.set_version_flag(
        "--version", "paws-agent " + std::string{version()} + " (" + std::string{revision()} + ")");
    app.footer(
        "SIGHUP reads the configuration again; a faulty one changes nothing.\n"
        "Exit: 0 stopped, 64 usage, 69 a port, socket or directory cannot be had, 70 a bug,\n"
        "78 the configuration is faulty.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& end) {
        if (end.get_exit_code() == 0) {
            return app.exit(end);  // --help and --version
        }
        std::fprintf(stderr, "paws-agent: %s; see paws-agent --help\n", end.what());
        return exit_usage;
    }
    options.config_named = config->count() > 0;
    if (since_option->count() > 0) {
        options.since = parse_duration(since);
    }
    if (log_level->count() > 0) {
        const auto found = std::ranges::find(log_level_names, level);
        options.log_level = static_cast<LogLevel>(found - log_level_names.begin());
    }
    return options;
}

}  // namespace paws::agent
