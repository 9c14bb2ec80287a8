#include "forwarder/trial.h"

#include "forwarder/batch.h"
#include "forwarder/verdict.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace paws::forwarder {

namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto patience = 5s;  // for the line to be found
constexpr auto between_looks = 300ms;

std::string percent_encoded(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (plain) {
            encoded += c;
        } else {
            encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return encoded;
}

std::string path_of(const std::string& query, WallTime around) {
    const auto nanoseconds = [](WallTime at) {
        return std::to_string(at.time_since_epoch().count());
    };
    return "/loki/api/v1/query_range?query=" + percent_encoded(query) +
           "&limit=10&start=" + nanoseconds(around - 1min) + "&end=" + nanoseconds(around + 1min);
}

struct Sought {
    std::string line;
    WallTime at;
};

asio::awaitable<void> look_for(asio::steady_timer& timer,
                               Loki& loki,
                               Sought sought,
                               std::function<Now()> now,
                               TrialResult& result) {
    const auto begun = now().boot;
    while (now().boot - begun < patience) {
        const auto asked = co_await loki.get(path_of(result.query, sought.at));
        const auto verdict = verdict_of(asked, now().wall);
        const auto has = verdict.outcome == Outcome::delivered
                             ? page_has((*asked)->body, sought.line)
                             : std::nullopt;
        result.found_after = now().boot - begun;
        if (!has) {
            result.find_trouble =
                verdict.what.empty() ? "Loki's answer to a query is none" : verdict.what;
            co_return;
        }
        result.found = *has ? TrialResult::Found::yes : TrialResult::Found::no;
        if (*has) {
            co_return;
        }
        timer.expires_after(between_looks);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

}  // namespace

std::optional<bool> page_has(std::string_view page, std::string_view line) {
    boost::system::error_code failed;
    const auto document = json::parse({page.data(), page.size()}, failed);
    const auto* result = failed ? nullptr : document.find_pointer("/data/result", failed);
    if (result == nullptr || !result->is_array()) {
        return std::nullopt;
    }
    // The line is made up so that it stands nowhere else.
    const auto text = json::serialize(*result);
    return std::string_view{text}.find(line) != std::string_view::npos;
}

asio::awaitable<TrialResult> try_out(asio::io_context& loop,
                                     Loki& loki,
                                     Labels labels,
                                     std::function<Now()> now) {
    TrialResult result;
    const auto begun = now();
    const auto id = std::to_string(begun.wall.time_since_epoch().count());
    const std::string line = "pawsctl logs test " + id;
    Streams streams{std::move(labels)};
    const auto place = streams.of({.job = "paws-agent", .unit = "", .runner = ""});
    const auto stream = Streams::at_level(place.first, Level::info);
    Batch batch;
    batch.add(stream, begun.wall, line, Metadata{});
    result.query = streams.labels(stream) + " |= \"" + id + "\"";
    auto body = Packer{}.pack(batch, batch.items(), streams);
    const auto asked = co_await loki.push(std::move(body));
    const auto verdict = verdict_of(asked, now().wall);
    result.push_took = now().boot - begun.boot;
    result.pushed = verdict.outcome == Outcome::delivered;
    result.push_trouble = verdict.what;
    if (result.pushed) {
        asio::steady_timer timer{loop};
        Sought sought{.line = line, .at = begun.wall};
        co_await look_for(timer, loki, std::move(sought), now, result);
    }
    result.running = false;
    co_return result;
}

std::uint64_t Trials::begin(const std::function<void()>& start) {
    const std::lock_guard lock{mutex_};
    if (!last_ || !last_->running) {
        const auto number = last_ ? last_->number + 1 : 1;
        last_ = TrialResult{};
        last_->number = number;
        start();
    }
    return last_->number;
}

void Trials::end(TrialResult result) {
    const std::lock_guard lock{mutex_};
    result.number = last_ ? last_->number : 1;
    last_ = std::move(result);
}

std::optional<TrialResult> Trials::read() const {
    const std::lock_guard lock{mutex_};
    return last_;
}

}  // namespace paws::forwarder
