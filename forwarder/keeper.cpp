#include "forwarder/keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace paws::forwarder {

namespace {

constexpr std::chrono::seconds pause{5};
constexpr std::chrono::seconds longest_commit{10};  // that is waited for
constexpr std::size_t most_shown = 10;
constexpr std::size_t most_unkept = 1'000;  // lines in quarantine, while the ledger fails

bool is_for_good(const Error& error) {
    return error.code == Errc::unavailable;
}

// Leaves out the oldest where there are more; how many.
std::size_t leave_newest(std::vector<QuarantinedLine>& lines, std::size_t most) {
    const auto over = lines.size() - std::min(lines.size(), most);
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(over));
    return over;
}

}  // namespace

void Keeper::keep(Progress progress, std::vector<QuarantinedLine> quarantined) {
    for (auto& line : quarantined) {
        quarantined_.push_back(std::move(line));
    }
    bound_unkept();
    waiting_ = std::move(progress);
    if (!asking_) {
        commit();
    }
}

boost::asio::awaitable<void> Keeper::catch_up() {
    if (asking_ && waiting_) {
        catching_up_.expires_after(longest_commit);
        co_await catching_up_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
}

void Keeper::commit() {
    asking_ = true;
    retry_.cancel();
    asked_ = std::move(*waiting_);
    waiting_.reset();
    asked_lines_ = std::exchange(quarantined_, {});
    ledger_.commit(asked_, asked_lines_, [this, owner = owner_](const Result<void>& result) {
        if (const auto alive = owner.lock()) {
            boost::asio::post(loop_, [this, result] { committed(result); });
        }
    });
}

void Keeper::bound_unkept() {
    if (const auto over = leave_newest(quarantined_, most_unkept); over > 0) {
        board_.change([&](LogShipping& shown) { shown.quarantine_left_out += over; });
    }
}

// Counts are shown when they are kept: what a crash takes back would look like a counter's reset.
void Keeper::committed(const Result<void>& result) {
    asking_ = false;
    if (result || is_for_good(result.error())) {
        kept_ = asked_;
        show(kept_);
        if (waiting_) {
            commit();
        }
    } else {
        quarantined_.insert(quarantined_.begin(), asked_lines_.begin(), asked_lines_.end());
        asked_lines_.clear();
        bound_unkept();
        waiting_ = waiting_ ? std::move(waiting_) : std::optional{std::move(asked_)};
        retry_.expires_after(pause);
        retry_.async_wait([this](const boost::system::error_code& cancelled) {
            if (!cancelled && !asking_ && waiting_) {
                commit();
            }
        });
    }
    catching_up_.cancel();
    if (is_idle() && idle_) {
        std::exchange(idle_, nullptr)();
    }
}

void Keeper::show(const Progress& progress) {
    board_.change([&](LogShipping& shown) {
        shown.counts = progress.counts;
        shown.shipped_to = progress.position.read;
        for (auto& line : asked_lines_) {
            shown.quarantined.push_back(std::move(line));
        }
        leave_newest(shown.quarantined, most_shown);
    });
}

void Keeper::when_idle(std::function<void()> done) {
    if (is_idle()) {
        done();
    } else {
        idle_ = std::move(done);
    }
}

}  // namespace paws::forwarder
