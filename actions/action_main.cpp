// paws-action: the privileged steps of the agent, one verb a run. Started by the units
// paws-VERB@RUNNER.service alone, which give it the rights for that verb and no more.

#include "actions/runner_place.h"
#include "actions/verb_inspect.h"
#include "actions/verb_open.h"
#include "core/text.h"
#include "platform/peer.h"
#include "platform/system_clock.h"

#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>

namespace paws::actions {

namespace {

constexpr const char* agent = "paws-agent";  // its user, and the name of its runtime directory
constexpr const char* runtime_dir = "/run/paws-agent";

constexpr int exit_refused = 1;
constexpr int exit_usage = 64;
constexpr int exit_bug = 70;

constexpr const char* help =
    "Usage: paws-action VERB RUNNER\n\n"
    "The privileged steps of paws-agent. Not to be called by hand: systemd runs it as\n"
    "paws-VERB@RUNNER.service, with the rights for that verb alone.\n\n"
    "Verbs:\n"
    "  open      hand the runner's directories to the agent\n"
    "  inspect   write what they hold to /run/paws-inspect/RUNNER.json\n\n"
    "Exit: 0 done, 1 refused or failed, 64 usage, 70 a bug\n";

Result<std::string> open(const RunnerPlace& place) {
    const auto uid = platform::user_id(agent);
    if (!uid) {
        return Error{Errc::absent, std::string{agent} + ": there is no such user"};
    }
    return open_runner(place, runtime_dir, *uid);
}

Result<std::string> inspect(const RunnerPlace& place) {
    const auto fs = platform::RootFs::open("/");
    if (!fs) {
        return fs.error();
    }
    return publish(inspect(place, *fs, platform::now()), *fs, inspections_directory);
}

int carry_out(std::string_view verb, const std::string& runner) {
    const auto place = find_runner(runner);
    const auto done = !place           ? Result<std::string>{place.error()}
                      : verb == "open" ? open(*place)
                                       : inspect(*place);
    std::fprintf(stderr,
                 "%s: %s\n",
                 done ? "done" : "refused",
                 printable(done ? *done : done.error().what, 4096).c_str());
    return done ? 0 : exit_refused;
}

int run(std::span<const char* const> arguments) {
    const std::string_view first = arguments.size() > 1 ? arguments[1] : "";
    if (arguments.size() == 2 && (first == "--help" || first == "--version")) {
        std::fputs(first == "--help" ? help : "paws-action " PAWS_VERSION " (" PAWS_REVISION ")\n",
                   stdout);
        return 0;
    }
    if (arguments.size() != 3 || (first != "open" && first != "inspect")) {
        std::fputs(help, stderr);
        return exit_usage;
    }
    return carry_out(first, arguments[2]);
}

}  // namespace

}  // namespace paws::actions

int main(int argc, char** argv) {
    try {
        return paws::actions::run({argv, static_cast<std::size_t>(argc)});
    } catch (const std::exception& bug) {
        std::fprintf(stderr, "paws-action: this is a bug, please report it: %s\n", bug.what());
        return paws::actions::exit_bug;
    }
}
