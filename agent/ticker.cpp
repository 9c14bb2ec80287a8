#include "agent/ticker.h"

#include "policy/judge.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace paws::agent {

namespace {

using SteadyClock = boost::asio::steady_timer::clock_type;

// Where to look at a runner is known only after a look at its files.
bool new_runner(const Published& before, const Snapshot& snapshot) {
    return !before ||
           !std::ranges::equal(
               before->facts.runners, snapshot.facts.runners, {}, &Runner::name, &Runner::name);
}

}  // namespace

Ticker::Ticker(boost::asio::io_context& loop,
               Clock clock,
               SnapshotSlot& slot,
               std::function<void(const Snapshot&)> told)
    : loop_{loop},
      clock_{clock},
      slot_{slot},
      told_{std::move(told)},
      collection_{loop, std::move(clock), [this] { wake(); }},
      next_{loop} {}

void Ticker::wake() {
    if (running_) {
        stirred_meanwhile_ = true;
    } else {
        schedule(pace_.shortest);
    }
}

void Ticker::ask_newer_than(std::uint64_t sequence) {
    const auto latest = slot_.latest();
    if (!running_ && (!latest || latest->sequence <= sequence)) {
        schedule(pace_.shortest);
    }
}

boost::asio::awaitable<Published> Ticker::newer_than(std::uint64_t sequence,
                                                     std::chrono::milliseconds patience) {
    ask_newer_than(sequence);
    const auto latest = slot_.latest();
    if (!latest || latest->sequence <= sequence) {
        const auto waiter = std::make_shared<boost::asio::steady_timer>(loop_, patience);
        waiting_.push_back(waiter);
        co_await waiter->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    co_return slot_.latest();
}

// Sets the next tick to `after_start` of the last one, or now when that has passed, unless it is
// due earlier anyway. A timer that has expired cannot be cancelled any more: what it once was set
// for does not count.
void Ticker::schedule(std::chrono::nanoseconds after_start) {
    const auto due = std::max(started_ + after_start, SteadyClock::now());
    if (due_ && *due_ <= due) {
        return;
    }
    due_ = due;
    next_.expires_at(due);
    next_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled && due_ && *due_ <= SteadyClock::now()) {
            start();
        }
    });
}

void Ticker::start() {
    due_.reset();
    running_ = true;
    stirred_meanwhile_ = false;
    started_ = SteadyClock::now();
    const auto latest = slot_.latest();
    collection_.look(latest ? latest->facts : Facts{},
                     [this](Look look) { finish(std::move(look)); });
}

// Of runners that are seen, unless their job was measured from its beginning meanwhile.
Judgement Ticker::with_resumed(Judgement past, const Facts& facts) {
    for (const auto& runner : facts.runners) {
        const auto meter = resumed_.find(runner.name);
        if (meter == resumed_.end()) {
            continue;
        }
        auto& known = past.memories.jobs[runner.name];
        if (!known.running || !known.running->whole) {
            meter->second.ended = std::move(known.ended);
            known = std::move(meter->second);
        }
        resumed_.erase(meter);
    }
    return past;
}

void Ticker::finish(Look look) {
    const auto before = slot_.latest();
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->sequence = before ? before->sequence + 1 : 1;
    snapshot->taken = clock_();
    snapshot->facts = std::move(look.facts);
    if (complement_) {
        complement_(snapshot->facts);
    }
    static const Judgement nothing;
    const auto& past = before ? before->judged : nothing;
    snapshot->judged =
        resumed_.empty()
            ? policy::judge(snapshot->facts, past, snapshot->taken)
            : policy::judge(snapshot->facts, with_resumed(past, snapshot->facts), snapshot->taken);
    snapshot->collectors = std::move(look.collectors);
    snapshot->config_reload_successful = reload_successful_;
    own_(*snapshot);
    slot_.publish(snapshot);

    running_ = false;
    for (const auto& waiter : std::exchange(waiting_, {})) {
        waiter->cancel();
    }
    schedule(stirred_meanwhile_ || new_runner(before, *snapshot) ? pace_.shortest : pace_.idle);
    told_(*snapshot);
}

}  // namespace paws::agent
