#include "agent/probe.h"

#include "platform/straggler.h"
#include "platform/unique_fd.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>

namespace paws::agent {

namespace {

using collectors::Collector;
using collectors::Fill;
using namespace std::chrono_literals;

// A noisy source is looked at this often, not at every stir of it.
constexpr auto rest_between_stirs = 100ms;
// So long after a round the scrape that asked for it has its answer.
constexpr auto rest_after_round = 100ms;

platform::UniqueFd open_bell() {
    platform::UniqueFd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!bell) {
        throw std::system_error{errno, std::generic_category(), "eventfd"};
    }
    return bell;
}

Result<Fill> collect(Collector& collector, const Facts& seen, const Now& now) {
    try {
        return collector.collect(seen, now);
    } catch (const std::exception& bug) {
        return Error{Errc::io, std::string{"a bug in the collector: "} + bug.what()};
    }
}

}  // namespace

struct Probe::State {
    // Guarded by `mutex`.
    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    std::optional<Question> question;
    std::optional<Collectors> replacement;
    std::vector<Answer> answers;
    std::string current;
    bool answering = false;
    bool released = false;
    bool ended = false;
    std::function<void()> stirred;

    // The thread's own.
    platform::UniqueFd bell = open_bell();
    Collectors collectors;
    Clock clock;
    std::optional<std::chrono::steady_clock::time_point> resting_until;
    std::optional<std::chrono::steady_clock::time_point> ahead_at;

    void ring() const {
        const std::uint64_t once = 1;
        // It can only fail when it rings already.
        [[maybe_unused]] const auto written = ::write(bell.get(), &once, sizeof once);
    }

    void serve();
    void wait();
    bool is_resting();
    int patience() const;
    std::vector<pollfd> waited_for();
    void stir(Collector& collector);
    std::optional<Question> next();
    void answer(Question& asked);
    void plan_ahead();
    void read_ahead();
    void enter(const Collector& collector);
};

void Probe::State::serve() {
    for (;;) {
        {
            const std::lock_guard lock{mutex};
            if (released) {
                break;
            }
            if (replacement) {
                collectors = std::move(*replacement);
                replacement.reset();
            }
        }
        if (auto asked = next()) {
            answer(*asked);
            plan_ahead();
        } else if (ahead_at && std::chrono::steady_clock::now() >= *ahead_at) {
            ahead_at.reset();
            read_ahead();
        } else {
            wait();
        }
    }
    collectors.clear();
    const std::lock_guard lock{mutex};
    ended = true;
    changed.notify_all();
}

std::optional<Question> Probe::State::next() {
    const std::lock_guard lock{mutex};
    if (replacement) {
        return std::nullopt;  // a question asked after it is for the new collectors
    }
    return std::exchange(question, std::nullopt);
}

bool Probe::State::is_resting() {
    if (resting_until && std::chrono::steady_clock::now() >= *resting_until) {
        resting_until.reset();
    }
    return resting_until.has_value();
}

// The bell, then each collector's watch; -1 keeps the place of those without one.
std::vector<pollfd> Probe::State::waited_for() {
    std::vector<pollfd> fds{{.fd = bell.get(), .events = POLLIN, .revents = 0}};
    if (!is_resting()) {
        for (const auto& collector : collectors) {
            auto* watch = collector->watch();
            fds.push_back(
                {.fd = watch == nullptr ? -1 : watch->fd(), .events = POLLIN, .revents = 0});
        }
    }
    return fds;
}

int Probe::State::patience() const {
    if (!resting_until && !ahead_at) {
        return -1;
    }
    constexpr auto never = std::chrono::steady_clock::time_point::max();
    const auto until = std::min(resting_until.value_or(never), ahead_at.value_or(never));
    const auto left = until - std::chrono::steady_clock::now();
    return std::max(static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()),
                    0);
}

void Probe::State::wait() {
    auto fds = waited_for();
    if (::poll(fds.data(), fds.size(), patience()) <= 0) {
        return;
    }
    if (fds.front().revents != 0) {
        std::uint64_t rung = 0;
        [[maybe_unused]] const auto got = ::read(bell.get(), &rung, sizeof rung);
    }
    for (std::size_t at = 1; at < fds.size(); ++at) {
        if (fds[at].revents != 0) {
            stir(*collectors[at - 1]);
        }
    }
}

void Probe::State::stir(Collector& collector) {
    enter(collector);
    resting_until = std::chrono::steady_clock::now() + rest_between_stirs;
    bool worth_a_look = true;  // also when it throws: collect() will tell why
    try {
        worth_a_look = collector.watch()->stirred();
    } catch (const std::exception&) {
        worth_a_look = true;
    }
    const std::lock_guard lock{mutex};
    if (worth_a_look && !released && stirred) {
        stirred();
    }
}

// Without a watch there is no thread to wake for it.
void Probe::State::plan_ahead() {
    if (std::ranges::any_of(collectors, [](auto& each) { return each->watch() != nullptr; })) {
        ahead_at = std::chrono::steady_clock::now() + rest_after_round;
    }
}

void Probe::State::read_ahead() {
    for (const auto& collector : collectors) {
        auto* watch = collector->watch();
        if (watch == nullptr) {
            continue;
        }
        enter(*collector);
        try {
            watch->read_ahead(clock());
        } catch (const std::exception&) {
            continue;  // collect() will tell why
        }
    }
}

void Probe::State::enter(const Collector& collector) {
    const std::lock_guard lock{mutex};
    current = collector.name();
}

void Probe::State::answer(Question& asked) {
    for (std::size_t at = 0; at < collectors.size(); ++at) {
        auto& collector = *collectors[at];
        if (collector.stage() != asked.stage) {
            continue;
        }
        enter(collector);
        const auto begun = clock();
        auto fill = collect(collector, *asked.seen, begun);
        const auto duration = clock().boot - begun.boot;
        const std::lock_guard lock{mutex};
        if (released || replacement) {
            break;
        }
        answers.push_back({.round = asked.round->number,
                           .collector = at,
                           .fill = std::move(fill),
                           .shortfall = collector.shortfall(),
                           .duration = duration});
    }
    asked.seen.reset();
    const std::lock_guard lock{mutex};
    answering = false;
    if (!released && asked.round->unanswered.fetch_sub(1) == 1) {
        asked.round->complete();
    }
}

Probe::Probe(std::string name, Collectors collectors, Clock clock, std::function<void()> stirred)
    : name_{std::move(name)}, state_{std::make_shared<State>()} {
    state_->collectors = std::move(collectors);
    state_->clock = std::move(clock);
    state_->stirred = std::move(stirred);
    start();
}

void Probe::start() {
    started_ = platform::start_detached("probe-" + name_, [state = state_] { state->serve(); });
}

Result<void> Probe::ask(Question question) {
    if (!started_) {
        start();
    }
    if (!started_) {
        return started_;
    }
    {
        const std::lock_guard lock{state_->mutex};
        if (state_->answering) {
            return Error{Errc::timeout, "the probe " + name_ + " has not come back"};
        }
        state_->answering = true;
        question.round->unanswered.fetch_add(1);
        state_->question = std::move(question);
    }
    state_->ring();
    return {};
}

Taken Probe::take() {
    const std::lock_guard lock{state_->mutex};
    return {.answers = std::exchange(state_->answers, {}), .answering = state_->answering};
}

bool Probe::answering() const {
    const std::lock_guard lock{state_->mutex};
    return state_->answering;
}

std::string Probe::current() const {
    const std::lock_guard lock{state_->mutex};
    return state_->current;
}

void Probe::replace(Collectors collectors) {
    {
        const std::lock_guard lock{state_->mutex};
        state_->replacement = std::move(collectors);
        state_->answers.clear();
    }
    state_->ring();
}

void Probe::release() {
    {
        const std::lock_guard lock{state_->mutex};
        state_->released = true;
        state_->stirred = nullptr;
    }
    state_->ring();
}

bool Probe::ended_by(std::chrono::steady_clock::time_point deadline) const {
    std::unique_lock lock{state_->mutex};
    return !started_ || state_->changed.wait_until(lock, deadline, [&] { return state_->ended; });
}

}  // namespace paws::agent
