#include "platform/straggler.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace paws;
using namespace std::chrono_literals;
using platform::Straggler;

namespace {

// A source that answers only once it is let go.
struct Gate {
    std::promise<void> open;
    std::shared_future<void> opened = open.get_future().share();
    std::atomic<int> calls = 0;
    std::atomic<int> answers = 0;
};

Straggler<int> behind(const std::shared_ptr<Gate>& gate) {
    return {"gate", [gate]() -> Result<int> {
                const int call = ++gate->calls;
                gate->opened.wait();
                ++gate->answers;
                return call;
            }};
}

// A thread may be slow to come to its question.
bool is_asked(const Gate& gate) {
    const auto patience = platform::deadline_in(10s);
    while (gate.calls == 0 && std::chrono::steady_clock::now() < patience) {
        std::this_thread::yield();
    }
    return gate.calls == 1;
}

// Asks until there is an answer, for ten seconds at most.
int eventually(Straggler<int>& straggler) {
    Result<int> answer = Error{};
    const auto patience = platform::deadline_in(10s);
    while (!answer && std::chrono::steady_clock::now() < patience) {
        std::this_thread::yield();
        answer = straggler.ask(patience);
    }
    return answer ? *answer : 0;
}

}  // namespace

TEST_CASE("Straggler: an answer that comes in time is handed over, each time anew") {
    int calls = 0;
    Straggler<int> straggler{"quick", [&]() -> Result<int> { return ++calls; }};
    CHECK(straggler.ask(platform::deadline_in(10s)).value() == 1);
    CHECK(straggler.ask(platform::deadline_in(10s)).value() == 2);
}

TEST_CASE("Straggler: an error is an answer") {
    Straggler<int> straggler{"denied", []() -> Result<int> {
                                 return Error{Errc::denied, "/mnt: no"};
                             }};
    CHECK(straggler.ask(platform::deadline_in(10s)).error() == Error{Errc::denied, "/mnt: no"});
}

TEST_CASE("Straggler: an exception is an answer, and the thread survives it") {
    int calls = 0;
    Straggler<int> straggler{"bug", [&]() -> Result<int> {
                                 if (++calls == 1) {
                                     throw std::runtime_error{"a bug"};
                                 }
                                 return calls;
                             }};
    CHECK(straggler.ask(platform::deadline_in(10s)).error() == Error{Errc::io, "a bug"});
    CHECK(straggler.ask(platform::deadline_in(10s)).value() == 2);
}

TEST_CASE(
    "Straggler: a question without an answer is left behind, asked once, and answered later") {
    const auto gate = std::make_shared<Gate>();
    auto straggler = behind(gate);
    const auto begun = std::chrono::steady_clock::now();
    CHECK(straggler.ask(platform::deadline_in(20ms)).error().code == Errc::timeout);
    CHECK(straggler.ask(platform::deadline_in(1h)).error().code ==
          Errc::timeout);  // at once: it is left behind
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK(is_asked(*gate));
    CHECK(straggler.outstanding());
    gate->open.set_value();
    CHECK(eventually(straggler) == 2);
    CHECK_FALSE(straggler.outstanding());
}

TEST_CASE("Straggler: a late answer is not taken for the answer to the next question") {
    const auto gate = std::make_shared<Gate>();
    auto straggler = behind(gate);
    CHECK_FALSE(straggler.ask(platform::deadline_in(1ms)));
    gate->open.set_value();
    CHECK(eventually(straggler) == 2);
}

TEST_CASE("Straggler: several questions are outstanding side by side") {
    const auto gate = std::make_shared<Gate>();
    auto first = behind(gate);
    auto second = behind(gate);
    REQUIRE(first.start());
    REQUIRE(second.start());
    gate->open.set_value();
    CHECK(first.wait(platform::deadline_in(10s)).value() +
              second.wait(platform::deadline_in(10s)).value() ==
          3);
}

TEST_CASE("Straggler: its owner may go while a question is outstanding") {
    const auto gate = std::make_shared<Gate>();
    {
        auto straggler = behind(gate);
        CHECK_FALSE(straggler.ask(platform::deadline_in(1ms)));
    }
    CHECK(gate->answers == 0);
    gate->open.set_value();
}

TEST_CASE("Straggler: its thread takes no signals") {
    Straggler<bool> straggler{"masked", []() -> Result<bool> {
                                  sigset_t mask{};
                                  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                                  return sigismember(&mask, SIGTERM) == 1;
                              }};
    CHECK(straggler.ask(platform::deadline_in(10s)).value());
    sigset_t own{};
    pthread_sigmask(SIG_SETMASK, nullptr, &own);
    CHECK(sigismember(&own, SIGTERM) == 0);
}

TEST_CASE("Straggler: a question is open until it is answered, also when its owner has gone") {
    const auto gate = std::make_shared<Gate>();
    {
        auto straggler = behind(gate);
        REQUIRE(straggler.start());
        CHECK(is_asked(*gate));
        CHECK(platform::has_open_questions());
    }
    CHECK(platform::has_open_questions());
    gate->open.set_value();
    const auto patience = platform::deadline_in(10s);
    while (platform::has_open_questions() && std::chrono::steady_clock::now() < patience) {
        std::this_thread::yield();
    }
    CHECK_FALSE(platform::has_open_questions());
}

TEST_CASE("Straggler: OpenSSL stays whole for its thread while the process ends") {
    REQUIRE(::OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr) == 1);
    std::fflush(nullptr);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::OPENSSL_atexit([] { std::_Exit(9); });  // its tidying up would begin with this
        std::exit(0);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}
