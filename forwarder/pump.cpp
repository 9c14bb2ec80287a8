#include "forwarder/pump.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace paws::forwarder {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto reopen_after = 5s;
constexpr auto between_looks_at_traces = 1s;
constexpr auto while_held = 50ms;
constexpr auto until_it_is_found = 1s;  // what the journal overlooked
constexpr auto between_looks_around = 10s;
constexpr auto longest_rest = 10s;
constexpr auto between_places = 5s;
constexpr auto between_questions = 300ms;
constexpr auto patience_for_roster = 10s;  // without it no line of a runner knows its job

}  // namespace

Pump::Pump(asio::io_context& loop, PumpParts parts, Options options, std::function<Now()> now)
    : loop_{loop},
      parts_{std::move(parts)},
      options_{std::move(options)},
      now_{std::move(now)},
      reserve_{options_.place},
      rest_{loop},
      on_the_way_{loop} {}

// The journal closes its descriptor itself.
Pump::~Pump() {
    if (watched_) {
        watched_->release();
    }
}

asio::awaitable<void> Pump::wait(Timer& timer) {
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

void Pump::set_roster(std::shared_ptr<const Roster> roster) {
    roster_ = std::move(roster);
    rest_.cancel();  // a line may have waited for it
}

void Pump::drain(std::function<void()> done) {
    draining_ = true;
    drained_ = std::move(done);
    rest_.cancel();
    on_the_way_.cancel();
    if (on_its_way_.empty()) {
        parts_.keeper.when_idle(std::exchange(drained_, nullptr));
    }
}

asio::awaitable<void> Pump::read(Position from) {
    position_ = std::move(from);
    if (parts_.traces != nullptr) {
        parts_.traces->open(position_);
    }
    open_journal(now_());  // "from now on" is from now on, whatever is waited for
    keep_place(now_());
    for (const auto begun = now_().boot; !roster_ && now_().boot - begun < patience_for_roster;) {
        co_await rest(Read::held);
    }
    roster_ = roster_ ? roster_ : std::make_shared<const Roster>();
    while (!draining_) {
        const auto outcome = step();
        if (is_due(outcome, now_())) {
            co_await hand_over();
        } else if (outcome == Read::more) {
            co_await asio::post(loop_, asio::use_awaitable);
        } else {
            keep_place(now_());
            co_await rest(outcome);
        }
    }
}

// One bounded read of each source.
Read Pump::step() {
    const auto now = now_();
    look_around(now);
    const bool was_empty = reading_.empty();
    const auto outcome = read_journal(now);
    caught_up_ = outcome == Read::caught_up && parts_.journal.is_open();
    if (outcome == Read::held) {
        ask_for_facts(now);
    }
    if (parts_.traces != nullptr && now.boot >= traces_at_) {
        const auto of_traces = parts_.traces->read(reading_, options_.batch, *roster_, now);
        traces_wait_ = of_traces == Read::full;
        traces_at_ = now.boot + (of_traces == Read::caught_up ? between_looks_at_traces
                                                              : std::chrono::milliseconds{50ms});
    }
    if (was_empty && !reading_.empty()) {
        begun_ = now.boot;
    }
    show_waiting();
    return outcome;
}

// A line that says nothing of its runner's state causes no tick by itself.
void Pump::ask_for_facts(const Now& now) {
    if (!wanted_facts_ || now.boot - *wanted_facts_ >= between_questions) {
        wanted_facts_ = now.boot;
        parts_.want_facts();
    }
}

Read Pump::read_journal(const Now& now) {
    if (!parts_.journal.is_open()) {
        open_journal(now);
    }
    if (!parts_.journal.is_open()) {
        return Read::caught_up;
    }
    auto read = parts_.journal.read(reading_, options_.batch, *roster_, now.wall);
    if (!read) {
        lose_journal(read.error(), now);
        return Read::caught_up;
    }
    return *read;
}

void Pump::open_journal(const Now& now) {
    if (now.boot < reopen_at_) {
        return;
    }
    parts_.journal.tell(position_);
    const auto opened = parts_.journal.open(position_, options_.beginning, now.wall);
    if (position_.began) {  // what comes before it can be opened, or opened again, is new
        options_.beginning = {.at = Beginning::At::time, .time = *position_.began};
    }
    if (!opened) {
        lose_journal(opened.error(), now);
        return;
    }
    watched_.emplace(loop_, parts_.journal.fd());
    parts_.board.change([](LogShipping& shown) { shown.journal_trouble.clear(); });
}

void Pump::close_journal() {
    if (watched_) {
        watched_->release();
        watched_.reset();
    }
    parts_.journal.close();
}

void Pump::lose_journal(const Error& error, const Now& now) {
    close_journal();
    reopen_at_ = now.boot + reopen_after;
    parts_.board.change([&](LogShipping& shown) { shown.journal_trouble = error.what; });
}

// The part that traces have left is for what the journal has.
bool Pump::is_due(Read of_journal, const Now& now) const {
    const bool is_filled =
        reading_.is_full(options_.batch) || (traces_wait_ && of_journal != Read::more);
    return !reading_.empty() && (is_filled || now.boot - begun_ >= options_.batch.wait);
}

Progress Pump::progress() {
    parts_.journal.tell(position_);
    if (parts_.traces != nullptr) {
        parts_.traces->tell(position_);
    }
    parts_.intake.forget_broken_keys();
    position_.open_keys = parts_.intake.open_keys();
    return {.position = position_, .counts = parts_.intake.counts()};
}

// While Loki does not take the batch before, this one waits here and all else in the journal.
asio::awaitable<void> Pump::hand_over() {
    reading_.upto = progress();
    while (!on_its_way_.empty() && !draining_) {
        on_the_way_.expires_after(between_looks_around);
        co_await wait(on_the_way_);
        look_around(now_());
    }
    if (draining_) {
        co_return;  // it is read again after the next start
    }
    parts_.audience.show(reading_, parts_.intake.streams(), now_());
    std::swap(reading_, on_its_way_);
    if (std::exchange(traces_wait_, false)) {
        traces_at_ = {};
    }
    on_the_way_.cancel();
}

asio::awaitable<void> Pump::deliver() {
    co_await parts_.delivery.greet();
    for (;;) {
        while (on_its_way_.empty()) {
            on_the_way_.expires_at(Timer::time_point::max());
            co_await wait(on_the_way_);
        }
        co_await parts_.keeper.catch_up();
        auto delivered = co_await parts_.delivery.deliver(on_its_way_);
        sent_ += delivered.lines;
        sent_bytes_ += delivered.bytes;
        quarantined_ += delivered.quarantined.size();
        parts_.keeper.keep(with_delivered(on_its_way_.upto), std::move(delivered.quarantined));
        on_its_way_.clear();
        on_the_way_.cancel();
        if (drained_) {
            parts_.keeper.when_idle(std::exchange(drained_, nullptr));
        }
    }
}

Progress Pump::with_delivered(Progress progress) const {
    progress.counts.sent += sent_;
    progress.counts.sent_bytes += sent_bytes_;
    progress.counts.quarantined += quarantined_;
    return progress;
}

// A place without lines of its own is one to go on from, too: entries that are not shipped are not
// looked at again.
void Pump::keep_place(const Now& now) {
    const bool nothing_waits = on_its_way_.empty() && reading_.empty() && parts_.keeper.is_idle();
    if (!nothing_waits || (kept_at_ && now.boot - *kept_at_ < between_places)) {
        return;
    }
    auto place = progress();
    if (place.position != parts_.keeper.kept().position) {
        kept_at_ = now.boot;
        parts_.keeper.keep(with_delivered(std::move(place)), {});
    }
}

// Until there is something to read, or what was read is due.
asio::awaitable<void> Pump::rest(Read outcome) {
    watch();
    const auto now = now_().boot;
    auto until = now + longest_rest;
    if (outcome == Read::held) {
        until = now + while_held;
    }
    if (!reading_.empty()) {
        until = std::min(until, begun_ + options_.batch.wait);
    }
    if (parts_.traces != nullptr) {
        until = std::min(until, traces_at_);
    }
    if (!parts_.journal.is_open()) {
        until = std::min(until, reopen_at_);
    }
    if (parts_.journal.may_overlook()) {
        until = std::min(until, now + until_it_is_found);
    }
    rest_.expires_after(std::max<std::chrono::nanoseconds>(until - now, 1ms));
    co_await wait(rest_);
    if (std::exchange(stirred_, false)) {
        process(now_());
    }
}

void Pump::watch() {
    if (!watched_ || watching_) {
        return;
    }
    watching_ = true;
    watched_->async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& cancelled) {
                             watching_ = false;
                             stirred_ = !cancelled;
                             rest_.cancel();
                         });
}

void Pump::process(const Now& now) {
    if (!parts_.journal.is_open()) {
        return;
    }
    if (const auto processed = parts_.journal.process(); !processed) {
        lose_journal(processed.error(), now);
    }
}

// Files that journald removed take up disk as long as they are open here.
void Pump::look_around(const Now& now) {
    if (looked_around_ && now.boot - *looked_around_ < between_looks_around) {
        return;
    }
    looked_around_ = now.boot;
    if (parts_.journal.is_open() && parts_.journal.misses_directory()) {
        close_journal();
        open_journal(now);
    }
    process(now);
    const auto place = parts_.journal.read_to();
    const auto reserve = place ? std::optional{reserve_.look(*place, now.boot)} : std::nullopt;
    const auto trouble = parts_.traces != nullptr ? parts_.traces->trouble() : "";
    parts_.board.change([&](LogShipping& shown) {
        shown.reserve_bytes = reserve;
        shown.traces_trouble = trouble;
    });
}

void Pump::show_waiting() {
    auto oldest = on_its_way_.oldest();
    if (!oldest) {
        oldest = reading_.oldest();
    }
    if (!oldest && !caught_up_) {
        oldest = parts_.journal.read_to();
    }
    parts_.board.change([&](LogShipping& shown) { shown.oldest_waiting = oldest; });
}

}  // namespace paws::forwarder
