#include "collectors/runner_files.h"

#include "collectors/inspection.h"
#include "collectors/runner_install.h"
#include "collectors/runner_settings.h"
#include "core/text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace paws::collectors {

namespace {

using platform::Beneath;
using platform::FileKind;
using platform::RunnerPart;

constexpr std::size_t settings_limit = std::size_t{64} << 10U;
constexpr std::size_t environment_limit = std::size_t{256} << 10U;
// A script and a directory more for each runner, which tell of no moment: not at every scrape.
constexpr std::chrono::seconds outlook_lasts{4};

std::string explain(const Error& error, const std::string& root) {
    if (error.code == Errc::absent) {
        return error.what + ": the runner's directory is not there";
    }
    if (error.code == Errc::denied) {
        return error.what +
               ": the agent's user may not look there; a closed directory is opened by " +
               "'setfacl -m u:paws-agent:x DIRECTORY', for " + root + " and each above it";
    }
    return error.what;
}

}  // namespace

// One of the two files: true when it is there and says what it should, or says what it said before.
bool RunnerFilesCollector::look_at_settings(const Beneath& root,
                                            const std::string& name,
                                            Cached<Settings>& cached,
                                            std::string& error) {
    const auto status = root.status(name);
    if (!status) {
        if (status.error().code == Errc::denied) {
            cached.value.reset();
            cached.closed = true;
        }
        if (status.error().code != Errc::absent) {
            error = explain(status.error(), root.path());
        }
        return false;
    }
    if (cached.of == *status) {
        return true;
    }
    const auto text = root.read(name, settings_limit);
    auto settings = text ? parse_runner_settings(*text) : Result<RunnerSettings>{text.error()};
    if (!settings) {
        cached.closed = settings.error().code == Errc::denied;
        const auto where = text ? root.path() + "/" + name + ": " : "";
        error = explain({settings.error().code, where + settings.error().what}, root.path());
        return false;
    }
    cached = {.of = *status, .value = *std::move(settings)};
    return true;
}

// `.runner_migrated` wins while it can be read; the listener falls back to `.runner` as well.
std::string RunnerFilesCollector::look_at_settings(const Beneath& root, Cached<Settings>& cached) {
    std::string error;
    cached.closed = false;
    if (look_at_settings(root, ".runner_migrated", cached, error)) {
        return error;
    }
    if (look_at_settings(root, ".runner", cached, error)) {
        return error;
    }
    // The listener rewrites its file in life: what a half-written one said before still holds.
    cached.of.reset();
    if (error.empty()) {
        cached.value.reset();
        return "not configured: no .runner in " + root.path();
    }
    return error;
}

void RunnerFilesCollector::look_at_environment(const Beneath& root, Cached<std::string>& cached) {
    const auto status = root.status(".env");
    if (!status || cached.of == *status) {
        if (!status) {
            cached = {};
        }
        return;
    }
    const auto text = root.read(".env", environment_limit);
    cached = {.of = *status, .value = text ? parse_proxy(*text) : ""};
}

void RunnerFilesCollector::look_at_version(const Beneath& root, RunnerFiles& files) {
    std::string directory = "bin";
    if (const auto link = root.read_link("bin")) {
        files.version = version_of_link(*link);
        if (files.version.empty()) {
            return;
        }
        directory = "bin." + files.version;  // beside `bin`, wherever else the link may point
    }
    const auto program = root.status(directory + "/Runner.Listener");
    if (program && program->kind == FileKind::regular) {
        files.version_built = program->modified;
    }
}

void RunnerFilesCollector::look_ahead(const Beneath& root, Outlook& outlook, const Now& now) {
    if (!outlook.taken || now.boot - *outlook.taken >= outlook_lasts) {
        outlook = {.taken = now.boot,
                   .start_fault = start_fault(root),
                   .diag_pages = count_diag_pages(root)};
    }
}

bool RunnerFilesCollector::is_closed(const Runner& runner) const {
    return std::ranges::any_of(
        std::array{RunnerPart::root, RunnerPart::diag}, [&](RunnerPart part) {
            const auto opened = directories_.open(runner.name, runner.root, part);
            return !opened && opened.error().code == Errc::denied;
        });
}

RunnerFiles RunnerFilesCollector::look(const Runner& runner, Known& known, const Now& now) const {
    if (known.root != runner.root) {
        known = Known{.root = runner.root, .settings = {}, .proxy = {}, .outlook = {}};
    }
    RunnerFiles files;
    files.closed = is_closed(runner);
    const auto root = directories_.open(runner.name, runner.root, RunnerPart::root);
    const auto self = root ? root->status(".") : Result<platform::FileStatus>{root.error()};
    if (!self) {
        known = Known{};
        files.error = explain(self.error(), runner.root);
        return files;
    }
    files.owner = self->uid;
    if (!runner.managed) {
        const auto real = root->real_path();
        files.real_path = real ? *real : "";
    }
    files.error = printable(look_at_settings(*root, known.settings), 1024);
    look_at_environment(*root, known.proxy);
    look_at_version(*root, files);
    look_ahead(*root, known.outlook, now);
    files.diag_pages = known.outlook.diag_pages;
    files.start_fault = known.outlook.start_fault;
    files.settings = known.settings.value;
    files.settings_closed = known.settings.closed;
    files.proxy = known.proxy.value;
    return files;
}

// Where the agent may not read `.runner`, what the privileged look found there serves.
RunnerFilesCollector::Found RunnerFilesCollector::find(const Runner& runner, const Now& now) {
    Found found{.files = look(runner, known_[runner.name], now), .inspection = {}};
    if (!found.files.settings_closed && !runner.sizes_closed) {
        return found;
    }
    auto inspection = read_inspection(directories_.fs(), runner.name);
    if (!inspection) {
        return found;
    }
    if (found.files.settings_closed) {
        found.files.settings = inspection->value->settings;
    }
    found.inspection = *std::move(inspection);
    return found;
}

Result<Fill> RunnerFilesCollector::collect(const Facts& seen, const Now& now) {
    std::vector<std::pair<std::string, Found>> found;
    for (const auto& runner : seen.runners) {
        if (!runner.root.empty()) {
            found.emplace_back(runner.name, find(runner, now));
        }
    }
    std::erase_if(known_, [&](const auto& known) {
        return std::ranges::find(seen.runners, known.first, &Runner::name) == seen.runners.end();
    });
    return Fill{[found = std::move(found), now](Facts& draft) {
        for (const auto& [name, one] : found) {
            if (auto* runner = find_runner(draft, name)) {
                runner->files = {.value = one.files, .taken = now};
                runner->inspection = one.inspection;
            }
        }
    }};
}

}  // namespace paws::collectors
