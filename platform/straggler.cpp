#include "platform/straggler.h"

#include <atomic>
#include <csignal>
#include <system_error>
#include <thread>

#include <openssl/crypto.h>
#include <pthread.h>

namespace paws::platform {

namespace {

std::atomic<int> open_questions{0};

// A detached thread may still use OpenSSL, if only to free its own part of it, while the process
// ends: OpenSSL must not tidy up then (its handler of atexit frees the locks of all threads). Said
// before main, for it counts only before OpenSSL's first use. OPENSSL_init_crypto(3).
[[maybe_unused]] const bool openssl_stays_whole =
    ::OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr) == 1;

}  // namespace

bool has_open_questions() {
    return open_questions > 0;
}

OpenQuestion::OpenQuestion() {
    ++open_questions;
}

OpenQuestion::~OpenQuestion() {
    --open_questions;
}

Result<void> start_detached(const std::string& name, std::function<void()> body) {
    sigset_t of_others{};
    sigset_t before{};
    sigfillset(&of_others);
    // What a thread raises itself is its own: blocked, it could not be handled (bus_guard.h).
    for (const int own : {SIGBUS, SIGSEGV, SIGFPE, SIGILL}) {
        sigdelset(&of_others, own);
    }
    pthread_sigmask(SIG_SETMASK, &of_others, &before);  // inherited: others belong to the loop's
    Result<void> started;
    try {
        std::thread thread{std::move(body)};
        pthread_setname_np(thread.native_handle(), name.substr(0, 15).c_str());
        thread.detach();
    } catch (const std::system_error& refused) {
        started =
            Error{Errc::unavailable, "cannot start the thread '" + name + "': " + refused.what()};
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
}

}  // namespace paws::platform
