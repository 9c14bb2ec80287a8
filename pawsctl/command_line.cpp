#include "pawsctl/command_line.h"

#include "core/duration.h"
#include "core/nearest.h"
#include "core/text.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/verbs.h"
#include "pawsctl/version.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace paws::pawsctl {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds longest_patience{600'000};

std::optional<milliseconds> parse_patience(const std::string& typed) {
    const auto span = parse_duration(typed);
    if (!span || span->count() == 0 || *span > longest_patience) {
        return std::nullopt;
    }
    return duration_cast<milliseconds>(*span);
}

Address address_of_environment() {
    Address address;
    const char* socket = std::getenv("PAWS_SOCKET");  // NOLINT(concurrency-mt-unsafe)
    if (socket != nullptr && *socket != '\0') {
        address.socket = socket;
        address.chosen_by = "PAWS_SOCKET";
    }
    return address;
}

// The verb that was reached before the mistake: its options and verbs are what was meant.
const CLI::App& reached(const CLI::App& app) {
    const auto verbs = app.get_subcommands();
    return verbs.empty() ? app : reached(*verbs.back());
}

std::vector<std::string> verbs_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(verb->get_name());
    }
    return names;
}

std::vector<std::string> words_of(const CLI::App& app) {
    std::vector<std::string> words;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) {
            words.push_back("--" + name);
        }
    }
    std::ranges::move(verbs_of(app), std::back_inserter(words));
    return words;
}

// "pawsctl runners show"
std::string full_name(const CLI::App& app) {
    const auto* parent = app.get_parent();
    return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

}  // namespace

std::string check_span(const std::string& typed) {
    return parse_duration(typed) ? std::string{}
                                 : "'" + printable(typed) + "' is no time; write 30s, 5m or 1h";
}

std::string examples(std::initializer_list<const char*> lines) {
    std::string all{"Examples:"};
    for (const auto* line : lines) {
        all.append("\n  ").append(line);
    }
    return all;
}

CommandLine::CommandLine()
    : app_{"Asks paws-agent whether the GitHub Actions runners of this host really work.",
           "pawsctl"},
      call_{address_of_environment(), false} {
    app_.get_formatter()->column_width(24);
    app_.get_formatter()->label("SUBCOMMAND", "VERB");
    app_.get_formatter()->label("OPTIONS", "options");
    app_.get_formatter()->label("Positionals", "Arguments");
    app_.set_help_flag("-h,--help", "Show this help and exit");
    app_.set_version_flag("--version", version_line(), "Show what this build is and exit");
    app_.require_subcommand(1);
    takes_address(app_);
    takes_json(app_);
    add_status(*this);
    add_runners(*this);
    add_jobs(*this);
    add_why(*this);
    add_logs(*this);
    add_doctor(*this);
    add_hook(*this);
    add_config(*this);
    add_completion(*this);
    app_.footer(
        "Examples: pawsctl VERB --help\n"
        "Exit: 0 all well, 1 degraded, 2 failed, 3 unknown; 64 usage, 69 no agent,\n"
        "70 a bug, 74 output failed, 75 not yet, 77 refused, 78 configuration");
}

CLI::App& CommandLine::verb(CLI::App& parent, const std::string& name, const std::string& what) {
    auto& added = *parent.add_subcommand(name, what);
    added.group("Verbs");
    return added;
}

void CommandLine::takes_address(CLI::App& verb) {
    verb.add_option_function<std::string>(
            "--socket",
            [this](const std::string& path) {
                call_.address.socket = path;
                call_.address.chosen_by = "--socket";
            },
            "Where the agent listens, instead of PAWS_SOCKET")
        ->type_name("PATH");
    verb.add_option_function<std::string>(
            "--timeout",
            [this](const std::string& typed) {
                call_.address.patience = parse_patience(typed).value();
                call_.address.chosen_patience = call_.address.patience;
            },
            "How long to wait for its answer (5s)")
        ->type_name("TIME")
        ->check([](const std::string& typed) {
            return parse_patience(typed) ? std::string{}
                                         : "'" + printable(typed) +
                                               "' is no time; write 500ms, 5s or 2m, at most 10m";
        });
}

void CommandLine::takes_json(CLI::App& verb) {
    verb.add_flag("--json", call_.json, "Print JSON, version 1, for programs");
}

void CommandLine::does(CLI::App& verb, std::function<int(const Call&)> action) {
    verb.callback([this, action = std::move(action)] { action_ = action; });
}

int CommandLine::run(int argc, const char* const* argv) {
    try {
        app_.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        return app_.exit(asked);  // --help and --version
    } catch (const CLI::ParseError& mistake) {
        return complain_about(mistake);
    }
    return action_(call_);
}

int CommandLine::complain_about(const CLI::ParseError& mistake) const {
    const auto& at = reached(app_);
    auto sentence = printable(mistake.what());
    if (at.get_subcommands().empty() && at.get_require_subcommand_min() > 0) {
        sentence = "a verb is missing: " + joined(verbs_of(at), ", ");
    }
    // CLI11 passes on what nobody took, the first of it is the word that was mistyped.
    const auto left = app_.remaining(true);
    if (!left.empty()) {
        sentence = "'" + printable(left.front()) + "' is not a verb or an option here" +
                   suggestion(left.front(), words_of(at));
    }
    complain(sentence);
    std::fprintf(stderr, "See: %s --help\n", full_name(at).c_str());
    return exit_usage;
}

}  // namespace paws::pawsctl
