#include "platform/abort_guard.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace paws;
using platform::AbortGuard;
using platform::unless_aborted;

TEST_CASE("abort guard: a call that aborts fails, again and again, and on any thread") {
    AbortGuard::install();
    for (int turn = 0; turn < 3; ++turn) {
        CHECK(unless_aborted([] { return 7; }) == 7);
        CHECK(unless_aborted([]() -> int { std::abort(); }) == -EBADMSG);
    }
    int answer = 0;
    std::thread{[&] { answer = unless_aborted([]() -> int { std::abort(); }); }}.join();
    CHECK(answer == -EBADMSG);
}

TEST_CASE("abort guard: elsewhere abort ends the process as ever, also after a guarded call") {
    for (const bool called_before : {false, true}) {
        const auto child = ::fork();
        if (child == 0) {
            ::close(STDERR_FILENO);
            AbortGuard::install();
            if (called_before) {
                unless_aborted([]() -> int { std::abort(); });
                unless_aborted([] { return 0; });
            }
            std::abort();
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGABRT);
    }
}
