#include "agent/run.h"

#include "agent/agent.h"
#include "agent/config_file.h"
#include "core/text.h"
#include "platform/straggler.h"
#include "platform/user_rights.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

namespace paws::agent {

namespace {

using namespace std::chrono_literals;

// Many small threads: two heaps are enough for them, and a small stack is never a huge page.
void be_small() {
    // NOLINTBEGIN(concurrency-mt-unsafe): no other thread has started yet
    ::mallopt(M_ARENA_MAX, 2);
    ::mallopt(M_TRIM_THRESHOLD, 128 << 10);
    ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
    // NOLINTEND(concurrency-mt-unsafe)
#if !defined(__SANITIZE_THREAD__)  // its own data of a thread is larger than such a stack
    static constexpr std::size_t stack_bytes = 512U << 10U;
    pthread_attr_t attributes{};
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, stack_bytes);
    ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
#endif
}

void say(std::FILE* to, const std::string& text) {
    std::fprintf(to, "%s\n", text.c_str());
}

// {"version":1,"valid":false,"files":[],"faults":["FILE:LINE:COL: ..."]}
std::string verdict_json(const Result<LoadedConfig>& loaded) {
    boost::json::array faults;
    std::string_view lines = loaded ? std::string_view{} : loaded.error().what;
    while (!lines.empty()) {
        faults.emplace_back(take_until(lines, '\n'));
    }
    boost::json::array files;
    for (const auto& file : loaded ? loaded->files : std::vector<std::string>{}) {
        files.emplace_back(file);
    }
    return boost::json::serialize(boost::json::object{{"version", 1},
                                                      {"valid", loaded.has_value()},
                                                      {"files", std::move(files)},
                                                      {"faults", std::move(faults)}});
}

// Root may read what the daemon may not: the check would call good what the daemon refuses.
void judge_as_the_daemon() {
    const auto taken = ::geteuid() == 0 ? platform::take_rights_of("paws-agent") : Result<void>{};
    if (!taken && taken.error().code != Errc::absent) {
        say(stderr, "paws-agent: checked as root, not as the daemon's user: " + taken.error().what);
    }
}

// Whoever renews the files of [web] may be between two of them: a start waits for the rest.
std::chrono::milliseconds patience(const Options& options) {
    return options.only_check ? 0ms : 2s;
}

void say_verdict(const Options& options, const Result<LoadedConfig>& loaded) {
    if (options.json) {
        say(stdout, verdict_json(loaded));
    } else if (!loaded) {
        say(stderr, loaded.error().what);
    } else {
        say(stdout,
            loaded->files.empty() ? options.config_file + ": no such file; the defaults serve"
                                  : loaded->files.front() + ": good");
    }
}

// What a dead mount holds may be good tomorrow: the service manager is to try again.
int exit_of(const Error& fault) {
    return fault.code == Errc::timeout ? exit_unavailable : exit_config;
}

// Ends at once, without destroying anything.
[[noreturn]] void leave(int code) {
    std::fflush(nullptr);
    std::_Exit(code);
}

// A thread that was left behind may be anywhere: nothing is destroyed under it.
int ended(int code) {
    if (platform::has_open_questions()) {
        leave(code);
    }
    return code;
}

}  // namespace

int run(const Options& options) {
    if (options.only_check) {
        judge_as_the_daemon();
    }
    auto loaded =
        load_config(options.config_file,
                    options.config_named ? MissingFile::is_an_error : MissingFile::is_fine,
                    patience(options));
    if (!loaded || options.only_check) {
        say_verdict(options, loaded);
        return ended(loaded ? 0 : exit_of(loaded.error()));
    }
    be_small();
    auto agent = Agent::open(options, std::move(*loaded), real_surroundings());
    if (!agent) {
        say(stderr, "paws-agent: " + agent.error().what);
        return ended(exit_unavailable);
    }
    if (!(*agent)->run()) {
        leave(0);
    }
    return ended(0);
}

}  // namespace paws::agent
