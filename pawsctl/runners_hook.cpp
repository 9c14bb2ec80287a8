#include "core/text.h"
#include "pawsctl/ask_runner.h"
#include "pawsctl/display.h"
#include "pawsctl/dot_env.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/verbs.h"
#include "platform/beneath.h"

#include <array>
#include <cstdio>
#include <memory>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <unistd.h>

namespace paws::pawsctl {

namespace {

using platform::Beneath;

constexpr std::size_t environment_limit = std::size_t{256} << 10U;

struct Wanted {
    std::string runner;
    std::string root;  // typed; else the agent is asked
    bool dry_run = false;
    bool yes = false;
};

// A runner's directory, and the unit to restart.
struct Place {
    Beneath root;
    std::string unit;
};

int exit_code_of(const Error& error) {
    return error.code == Errc::denied ? exit_refused : exit_failed;
}

int fail(const Error& error) {
    complain(printable(error.what, 1024));
    return exit_code_of(error);
}

Result<Beneath> open_root(const std::string& path) {
    const auto system = platform::RootFs::open("/");
    auto root = system ? Beneath::open(*system, path) : Result<Beneath>{system.error()};
    if (root && !root->status("run.sh")) {
        return Error{Errc::absent, path + ": no runner is there"};
    }
    return root;
}

std::variant<Place, Failure> find(const Call& call, const Wanted& wanted) {
    std::string path = wanted.root;
    std::string unit;
    if (path.empty() && wanted.runner.empty()) {
        return Failure{exit_usage, "which runner? Name it, or its directory: --root DIR", {}};
    }
    if (path.empty()) {
        const auto asked = ask_runner(call.address, wanted.runner);
        if (const auto* failure = std::get_if<Failure>(&asked)) {
            return Failure{
                failure->exit_code, failure->message + "; or name its directory: --root DIR", {}};
        }
        const auto& runner = std::get<Answer>(asked).result;
        path = text(runner, "root");
        unit = text(runner, "unit");
        if (path.empty()) {
            return Failure{
                exit_failed, "the agent does not know its directory; name it: --root DIR", {}};
        }
    }
    auto root = open_root(path);
    if (!root) {
        return Failure{exit_code_of(root.error()), printable(root.error().what, 1024), {}};
    }
    return Place{.root = std::move(*root), .unit = unit};
}

// No `.env` is an empty one.
Result<std::string> read_environment(const Beneath& root) {
    auto text = root.read(".env", environment_limit);
    return !text && text.error().code == Errc::absent ? Result<std::string>{""} : text;
}

// A hook that is not there fails every job of the runner.
Result<void> check_scripts() {
    for (const auto& event : hook_events) {
        const std::string script{event.script};
        if (::access(script.c_str(), R_OK) != 0) {
            return Error{Errc::absent,
                         script +
                             " is not there, and a runner whose hook is missing fails every "
                             "job; install the package paws-runner-agent"};
        }
    }
    return {};
}

bool is_confirmed(const Wanted& wanted) {
    if (wanted.yes) {
        return true;
    }
    if (::isatty(STDIN_FILENO) == 0) {
        complain("without a terminal to ask at, say --yes (or look first: --dry-run)");
        return false;
    }
    std::printf("Change it? [y/N] ");
    std::fflush(stdout);
    std::array<char, 16> answer{};
    return std::fgets(answer.data(), static_cast<int>(answer.size()), stdin) != nullptr &&
           (answer[0] == 'y' || answer[0] == 'Y');
}

std::string next_step(const Place& place) {
    const auto unit = place.unit.empty() ? std::string{"UNIT"} : place.unit;
    return "Its listener reads this when it starts. When no job runs: systemctl restart " + unit;
}

int change(const Place& place, const EnvChange& change, const Wanted& wanted) {
    if (change.lines.empty()) {
        print_lines({"nothing to change in " + printable(place.root.path(), 1024) + "/.env"});
        return exit_well;
    }
    print_lines({printable(place.root.path(), 1024) + "/.env"});
    print_lines(change.lines);
    if (wanted.dry_run) {
        return exit_well;
    }
    if (!is_confirmed(wanted)) {
        return exit_usage;
    }
    if (const auto done = place.root.replace(".env", change.text); !done) {
        return fail(done.error().code == Errc::denied
                        ? Error{Errc::denied, done.error().what + "; run it as root"}
                        : done.error());
    }
    print_lines({next_step(place)});
    return exit_well;
}

// Finds the runner and its `.env`, and hands both to `act`.
template <class Act>
int with_environment(const Call& call, const Wanted& wanted, const Act& act) {
    const auto found = find(call, wanted);
    if (const auto* failure = std::get_if<Failure>(&found)) {
        complain(failure->message);
        return failure->exit_code;
    }
    const auto& place = std::get<Place>(found);
    const auto text = read_environment(place.root);
    return text ? act(place, *text) : fail(text.error());
}

int install(const Call& call, const Wanted& wanted) {
    if (const auto there = check_scripts(); !there) {
        return fail(there.error());
    }
    return with_environment(call, wanted, [&](const Place& place, const std::string& text) {
        const auto changed = with_hooks(text);
        return changed ? change(place, *changed, wanted) : fail(changed.error());
    });
}

int remove(const Call& call, const Wanted& wanted) {
    return with_environment(call, wanted, [&](const Place& place, const std::string& text) {
        return change(place, without_hooks(text), wanted);
    });
}

// "job-started: /opt/other.sh (not ours)"
std::string hook_words(const HookEvent& event, const std::optional<std::string>& value) {
    const auto* const whose = value && *value != event.script ? " (not ours)" : "";
    return std::string{event.name} + ": " + (value ? printable(*value) + whose : "none");
}

boost::json::object hook_json(const HookEvent& event, const std::optional<std::string>& value) {
    const auto* const state = !value ? "absent" : *value == event.script ? "installed" : "foreign";
    boost::json::object hook{{"event", event.name}, {"state", state}, {"script", nullptr}};
    if (value) {
        hook["script"] = printable(*value);
    }
    return hook;
}

int show(const Call& call, const Wanted& wanted) {
    return with_environment(call, wanted, [&](const Place& place, const std::string& text) {
        boost::json::array hooks;
        std::vector<std::string> lines;
        for (const auto& event : hook_events) {
            const auto value = env_value(text, event.setting);
            lines.push_back(hook_words(event, value));
            hooks.push_back(hook_json(event, value));
        }
        if (!call.json) {
            print_lines(lines);
            return exit_well;
        }
        print_json(
            boost::json::serialize(boost::json::object{{"version", 1},
                                                       {"root", printable(place.root.path(), 1024)},
                                                       {"hooks", std::move(hooks)}}));
        return exit_well;
    });
}

std::shared_ptr<Wanted> takes_runner(CommandLine& line, CLI::App& verb) {
    auto wanted = std::make_shared<Wanted>();
    verb.add_option("RUNNER", wanted->runner, "Its name, its unit, or GitHub's name")
        ->type_name("");
    verb.add_option("--root", wanted->root, "The runner's directory, without asking the agent")
        ->type_name("DIR");
    line.takes_address(verb);
    return wanted;
}

void takes_care(CLI::App& verb, const std::shared_ptr<Wanted>& wanted) {
    verb.add_flag("--dry-run", wanted->dry_run, "Show what would change, change nothing");
    verb.add_flag("--yes", wanted->yes, "Do not ask");
}

}  // namespace

void add_runners_hook(CommandLine& line, CLI::App& runners) {
    auto& verb = CommandLine::verb(
        runners, "hook", "Let a runner tell whose jobs it runs: hooks in its .env");
    verb.require_subcommand(1);
    verb.footer(examples({"pawsctl runners hook show build-01",
                          "sudo pawsctl runners hook install build-01 --dry-run"}));

    auto& installing = CommandLine::verb(verb, "install", "Add the hooks to its .env");
    const auto to_install = takes_runner(line, installing);
    takes_care(installing, to_install);
    installing.footer(
        "A hook of somebody else is left alone, and every other line too. The listener\n"
        "must be restarted afterwards: the command is printed.\n\n" +
        examples({"sudo pawsctl runners hook install build-01 --dry-run",
                  "sudo pawsctl runners hook install build-01"}));
    line.does(installing, [to_install](const Call& call) { return install(call, *to_install); });

    auto& removing = CommandLine::verb(verb, "remove", "Take the hooks out of its .env");
    const auto to_remove = takes_runner(line, removing);
    takes_care(removing, to_remove);
    removing.footer("Do this before the package is removed: without its hook a job fails.\n\n" +
                    examples({"sudo pawsctl runners hook remove build-01",
                              "sudo pawsctl runners hook remove --root /opt/runner --yes"}));
    line.does(removing, [to_remove](const Call& call) { return remove(call, *to_remove); });

    auto& showing = CommandLine::verb(verb, "show", "Which hooks its .env names");
    const auto to_show = takes_runner(line, showing);
    line.takes_json(showing);
    showing.footer(examples({"pawsctl runners hook show build-01",
                             "sudo pawsctl runners hook show --root /opt/runner --json"}));
    line.does(showing, [to_show](const Call& call) { return show(call, *to_show); });
}

}  // namespace paws::pawsctl
