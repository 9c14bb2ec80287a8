#include "agent/store.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

namespace paws::agent {

namespace {

constexpr std::size_t most_waiting = 64;  // a disk that hangs must not cost memory without end

}  // namespace

// Shared with the thread, which outlives the store when its disk hangs.
struct Store::State {
    State(std::string path, StoreBounds bounds) : archive{std::move(path), bounds} {}

    void serve();

    std::mutex mutex;
    std::condition_variable stirred;
    std::deque<Work> waiting;
    bool ending = false;
    bool ended = false;
    Archive archive;
};

void Store::State::serve() {
    std::unique_lock lock{mutex};
    for (;;) {
        stirred.wait(lock, [&] { return ending || !waiting.empty(); });
        if (waiting.empty()) {
            break;
        }
        auto work = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        work(archive);
        work = nullptr;
        lock.lock();
    }
    lock.unlock();
    archive.close();
    lock.lock();
    ended = true;
    stirred.notify_all();
}

Store::Store(std::string path, StoreBounds bounds)
    : state_{std::make_shared<State>(std::move(path), bounds)} {
    std::thread{[state = state_] {
        ::pthread_setname_np(::pthread_self(), "store");
        state->serve();
    }}.detach();
}

Store::~Store() {
    end(std::chrono::seconds{1});
}

bool Store::ask(Work work) {
    {
        const std::lock_guard lock{state_->mutex};
        if (state_->ending || state_->waiting.size() >= most_waiting) {
            return false;
        }
        state_->waiting.push_back(std::move(work));
    }
    state_->stirred.notify_all();
    return true;
}

std::uint64_t Store::corruptions() const {
    return state_->archive.corruptions();
}

std::string Store::logs_trouble() const {
    return state_->archive.logs_trouble();
}

bool Store::end(std::chrono::milliseconds patience) {
    std::unique_lock lock{state_->mutex};
    state_->ending = true;
    state_->stirred.notify_all();
    return state_->stirred.wait_for(lock, patience, [&] { return state_->ended; });
}

}  // namespace paws::agent
