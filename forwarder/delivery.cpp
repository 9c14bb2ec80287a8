#include "forwarder/delivery.h"

#include "core/text.h"
#include "forwarder/loki_version.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace paws::forwarder {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr int most_timeouts = 3;  // of a question that a proxy may not pass on
constexpr int most_refusals = 4;  // of one that is answered by somebody, who does not know
constexpr std::chrono::nanoseconds between_questions = 1min;
constexpr std::size_t longest_kept = 16U << 10U;  // of a line in quarantine
// Loki's distributor hands a push on to its ingesters by gRPC, which takes 4 MiB at once by default
// (server.grpc_server_max_recv_msg_size), labels and all. What is larger comes back as a 500.
constexpr std::size_t most_bytes = 3U << 20U;

std::size_t bucket_of(double seconds) {
    const auto* const bound = std::ranges::lower_bound(push_duration_bounds_seconds, seconds);
    return static_cast<std::size_t>(bound - push_duration_bounds_seconds.begin());
}

// What an answer to the question for its version tells of how Loki takes metadata.
MetadataForm form_told(const Asked& asked, const Verdict& verdict) {
    const bool told = verdict.outcome == Outcome::delivered;
    const bool keeps = !told || keeps_metadata((*asked)->body).value_or(true);
    return keeps ? MetadataForm::structured : MetadataForm::suffix;
}

}  // namespace

Delivery::Delivery(asio::io_context& loop,
                   Loki& loki,
                   Streams& streams,
                   Board& board,
                   std::function<Now()> now,
                   Patience patience)
    : timer_{loop},
      loki_{loki},
      streams_{streams},
      board_{board},
      now_{std::move(now)},
      patience_{patience},
      backoff_{static_cast<std::uint64_t>(now_().wall.time_since_epoch().count()),
               patience.shortest,
               patience.longest} {}

void Delivery::set_metadata(MetadataWish wish) {
    form_ = wish == MetadataWish::suffix ? MetadataForm::suffix : MetadataForm::structured;
    form_known_ = wish != MetadataWish::as_loki_can;
}

// An old Loki would drop metadata without a word, so that it is asked first. Who answers, but not
// that, stands before a newer one. Where those who would know are away for longer than those who
// take lines, metadata is in the line until they are back.
asio::awaitable<void> Delivery::learn_form() {
    if (form_known_ || (ask_form_at_ && now_().boot < *ask_form_at_)) {
        co_return;
    }
    int refusals = ask_form_at_ ? most_refusals - 1 : 0;
    for (int timeouts = 0; timeouts < most_timeouts;) {
        const auto asked = co_await loki_.get(std::string{build_info_path});
        const auto verdict = verdict_of(asked, now_().wall);
        if (settle_form(asked, verdict)) {
            co_return;
        }
        board_.change([&](LogShipping& shown) { ++shown.pushes.failures[*verdict.failure]; });
        timeouts += verdict.failure == PushFailure::timeout ? 1 : 0;
        refusals += *asked ? 1 : 0;
        if (refusals >= most_refusals) {
            form_ = MetadataForm::suffix;
            ask_form_at_ = now_().boot + between_questions;
            co_return;
        }
        co_await set_back(verdict);
    }
    form_known_ = true;
}

// True when it is not to be asked again, or not now.
bool Delivery::settle_form(const Asked& asked, const Verdict& verdict) {
    if (verdict.failure == PushFailure::credentials) {
        ask_form_at_ = now_().boot + between_questions;  // they may be for pushing alone
        return true;
    }
    if (verdict.outcome != Outcome::retry) {
        form_ = form_told(asked, verdict);
        form_known_ = true;
    }
    return form_known_;
}

asio::awaitable<void> Delivery::greet() {
    co_await learn_form();
    if (form_known_) {
        board_.change([](LogShipping& shown) {
            shown.state = ShippingState::shipping;
            shown.trouble.clear();
        });
    }
}

asio::awaitable<Delivered> Delivery::deliver(const Batch& batch) {
    Delivered done;
    bool any_taken = false;
    auto parts = parts_of(batch);
    while (!parts.empty()) {
        co_await learn_form();
        give_form(parts.back());
        restamp_late(parts.back());
        while (parts.back().bytes() > most_bytes && parts.back().items.size() > 1) {
            halve(parts);
        }
        auto body = packer_.pack(*parts.back().batch, parts.back().items, streams_);
        const auto size = body.size();
        const auto verdict = co_await push(std::move(body));
        if (verdict.outcome == Outcome::delivered) {
            any_taken = true;
            done.lines += parts.back().items.size();
            done.bytes += size;
            remember_newest(parts.back());
            parts.pop_back();
        } else if (verdict.outcome == Outcome::retry || verdict.outcome == Outcome::pause) {
            ease(parts, verdict);
            co_await set_back(verdict);
            if (verdict.failure == PushFailure::credentials) {
                ask_form_at_.reset();  // with others, it may be told
            }
        } else if (verdict.outcome == Outcome::plain && form_ == MetadataForm::structured) {
            form_ = MetadataForm::suffix;
        } else if (part_with_refused(parts, verdict)) {
            any_taken = false;  // since then: who took lines before may refuse all now
        } else {
            any_taken = co_await give_up_line(parts, verdict, any_taken, done);
        }
    }
    co_return done;
}

// A single line that Loki does not take: parked, unless it is Loki's day, or the clock's, and not
// the line. True when Loki is known to take others.
asio::awaitable<bool> Delivery::give_up_line(Parts& parts,
                                             const Verdict& verdict,
                                             bool any_taken,
                                             Delivered& done) {
    if (verdict.too_new) {
        parts.back().restamped = 0;  // a clock is wrong, and one day right
        co_await set_back(verdict);
        co_return any_taken;
    }
    if (!any_taken) {
        any_taken = co_await takes_any_line();
    }
    if (any_taken) {
        done.quarantined.push_back(quarantined(parts.back(), verdict));
        parts.pop_back();
    } else {
        // Named: g++ 12 destroys an aggregate twice that is made within a co_await.
        Verdict refuses_all{.outcome = Outcome::pause, .what = verdict.what};
        co_await set_back(std::move(refuses_all));
    }
    co_return any_taken;
}

// False when what is refused is a single line, which no other stamp helps.
bool Delivery::part_with_refused(Parts& parts, const Verdict& verdict) {
    if (verdict.outcome == Outcome::untimely && restamp(parts.back(), verdict)) {
        return true;
    }
    if (parts.back().items.size() == 1) {
        return false;
    }
    halve(parts);
    return true;
}

void Delivery::give_form(Part& part) const {
    if (part.form == form_) {
        return;
    }
    part.form = form_;
    remake(part, [](Batch& made, const Batch::Item& item, const Entry& entry) {
        made.add(item.stream, entry.at, with_suffix(entry), Metadata{});
    });
}

// Whether it is this line that is refused, or whatever is pushed: by a proxy, say.
asio::awaitable<bool> Delivery::takes_any_line() {
    const auto place = streams_.of({.job = "paws-agent", .unit = "", .runner = ""});
    Batch probe;
    probe.add(Streams::at_level(place.first, Level::info),
              now_().wall,
              "a line that nothing is wrong with, since another was refused",
              Metadata{});
    auto body = packer_.pack(probe, probe.items(), streams_);
    const auto verdict = co_await push(std::move(body));
    co_return verdict.outcome == Outcome::delivered;
}

QuarantinedLine Delivery::quarantined(const Part& part, const Verdict& verdict) const {
    const auto& item = part.items.front();
    const auto entry = part.batch->decode(item);
    return {.at = entry.at,
            .labels = streams_.labels(item.stream),
            .line = valid_utf8(with_suffix(entry).substr(0, longest_kept)),
            .reason = verdict.what};
}

asio::awaitable<Verdict> Delivery::push(std::string body) {
    const auto begun = now_();
    const auto result = co_await loki_.push(std::move(body));
    const auto ended = now_();
    auto verdict = verdict_of(result, ended.wall);
    note(verdict, ended.boot - begun.boot);
    co_return verdict;
}

void Delivery::note(const Verdict& verdict, std::chrono::nanoseconds took) {
    board_.change([&](LogShipping& shown) {
        const auto seconds = to_seconds(took);
        ++shown.pushes.durations.at(bucket_of(seconds));
        shown.pushes.duration_sum_seconds += seconds;
        if (verdict.failure) {
            ++shown.pushes.failures[*verdict.failure];
        } else {
            shown.state = ShippingState::shipping;
            shown.trouble.clear();
            shown.last_push = now_().wall;
        }
    });
    if (!verdict.failure) {
        backoff_.reset();
    }
}

asio::awaitable<void> Delivery::set_back(Verdict verdict) {
    const bool paused = verdict.outcome == Outcome::pause;
    board_.change([&](LogShipping& shown) {
        shown.state = paused ? ShippingState::paused : ShippingState::retrying;
        shown.trouble = verdict.what;
    });
    // Beyond what Loki wishes too, so that those who were told the same do not come back at once.
    timer_.expires_after(paused ? patience_.paused
                                : verdict.retry_after.value_or(0ns) + backoff_.next());
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace paws::forwarder
