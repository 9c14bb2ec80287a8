// Straggler: asks a question that may never be answered (a dead mount, a stuck bus) on a thread of
// its own. At most one question is outstanding; one that misses its deadline is left behind, never
// joined: its thread shares the state and ends by itself once the answer comes.
// One owner at a time calls start(), wait() and ask(). Nothing here blocks beyond its deadline.

#pragma once

#include "core/result.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace paws::platform {

// Runs `body` on a detached thread that takes no signals but its own faults; `name` is what top and
// gdb show of it (the first 15 bytes).
Result<void> start_detached(const std::string& name, std::function<void()> body);

// Whether any question of this process is still unanswered: its thread may be anywhere, so that the
// process must end without running destructors under it.
bool has_open_questions();

// Counts as an open question while it lives.
class OpenQuestion {
public:
    OpenQuestion();
    ~OpenQuestion();
    OpenQuestion(const OpenQuestion&) = delete;
    OpenQuestion& operator=(const OpenQuestion&) = delete;
};

inline std::chrono::steady_clock::time_point deadline_in(std::chrono::milliseconds patience) {
    return std::chrono::steady_clock::now() + patience;
}

template <class T>
class Straggler {
public:
    using Question = std::function<Result<T>()>;
    using Deadline = std::chrono::steady_clock::time_point;

    // `question` runs on the straggler's thread and must own all that it uses.
    Straggler(std::string name, Question question)
        : name_{std::move(name)}, state_{std::make_shared<State>()} {
        state_->question = std::move(question);
    }
    Straggler(Straggler&&) noexcept = default;
    Straggler& operator=(Straggler&&) = delete;
    Straggler(const Straggler&) = delete;
    Straggler& operator=(const Straggler&) = delete;
    ~Straggler() {
        if (state_) {
            const std::lock_guard lock{state_->mutex};
            state_->released = true;
            state_->changed.notify_all();
        }
    }

    // Asks without waiting. Errc::timeout while a question left behind is still unanswered.
    Result<void> start() {
        {
            const std::lock_guard lock{state_->mutex};
            if (state_->asked) {
                return unanswered();
            }
            state_->answer.reset();
            left_behind_ = false;
            state_->asked = true;
            state_->changed.notify_all();
        }
        return ensure_thread();
    }

    bool outstanding() const {
        const std::lock_guard lock{state_->mutex};
        return state_->asked;
    }

    // The answer to the last start(); Errc::timeout when it has not come by the deadline. A
    // question left behind costs no second wait.
    Result<T> wait(Deadline deadline) {
        std::unique_lock lock{state_->mutex};
        if (!left_behind_) {
            state_->changed.wait_until(lock, deadline, [&] { return !state_->asked; });
        }
        if (state_->asked || !state_->answer) {
            left_behind_ = true;
            return unanswered();
        }
        return *std::exchange(state_->answer, std::nullopt);
    }

    // start() and wait() in one; while an earlier question is unanswered it says so at once.
    Result<T> ask(Deadline deadline) {
        if (const auto started = start(); !started) {
            return started.error();
        }
        return wait(deadline);
    }

private:
    struct State {
        Question question;
        std::mutex mutex;
        std::condition_variable changed;
        bool asked = false;     // and not answered yet
        bool released = false;  // the owner is gone
        std::optional<Result<T>> answer;
    };

    static Result<T> answer(const Question& question) {
        const OpenQuestion open;
        try {
            return question();
        } catch (const std::exception& bug) {
            return Error{Errc::io, bug.what()};
        }
    }

    static void serve(State& state) {
        std::unique_lock lock{state.mutex};
        for (;;) {
            state.changed.wait(lock, [&] { return state.asked || state.released; });
            if (state.released) {
                return;
            }
            lock.unlock();
            auto answered = answer(state.question);
            lock.lock();
            state.answer = std::move(answered);
            state.asked = false;
            state.changed.notify_all();
        }
    }

    Result<void> ensure_thread() {
        if (running_) {
            return {};
        }
        auto started = start_detached(name_, [state = state_] { serve(*state); });
        running_ = started.has_value();
        if (!running_) {
            const std::lock_guard lock{state_->mutex};
            state_->asked = false;
        }
        return started;
    }

    Error unanswered() const { return {Errc::timeout, name_ + " has not answered"}; }

    std::string name_;
    std::shared_ptr<State> state_;
    bool running_ = false;
    bool left_behind_ = false;
};

}  // namespace paws::platform
