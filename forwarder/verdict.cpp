#include "forwarder/verdict.h"

#include "core/text.h"
#include "core/utc.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace paws::forwarder {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_words =
    2048;  // shown: what Loki says of a line begins with its labels
constexpr std::chrono::nanoseconds longest_retry_after = 10min;

bool says_any_of(std::string_view words, std::span<const std::string_view> wanted) {
    return std::ranges::any_of(
        wanted, [&](auto each) { return words.find(each) != std::string_view::npos; });
}

// Loki: pkg/validation/validate.go, pkg/chunkenc/interface.go (ErrTooFarBehind, ErrOutOfOrder).
constexpr std::array<std::string_view, 4> of_time{
    "too far behind", "out of order", "timestamp too old", "timestamp too new"};
constexpr std::array<std::string_view, 1> of_future{"timestamp too new"};
constexpr std::array<std::string_view, 1> of_metadata{"structured metadata, but this feature"};
// grpc-go, between Loki's own parts: "received message larger than max (5000000 vs. 4194304)".
constexpr std::array<std::string_view, 1> of_size{"message larger than max"};

std::optional<std::chrono::nanoseconds> retry_after_of(const platform::HttpAnswer& answer,
                                                       WallTime now) {
    const auto header = answer.header("Retry-After");
    if (!header) {
        return std::nullopt;
    }
    std::chrono::nanoseconds wait{};
    if (const auto seconds = parse_integer<std::uint32_t>(*header)) {
        wait = std::chrono::seconds{*seconds};
    } else if (const auto date = platform::parse_http_date(*header)) {
        wait = *date - now;
    } else {
        return std::nullopt;
    }
    return std::clamp<std::chrono::nanoseconds>(wait, 0ns, longest_retry_after);
}

// By all that it says: the reason comes after the labels, however long.
Verdict verdict_of_refusal(const platform::HttpAnswer& answer, std::string what) {
    Verdict verdict{
        .outcome = Outcome::refused, .failure = PushFailure::refused, .what = std::move(what)};
    if (says_any_of(answer.body, of_metadata)) {
        verdict.outcome = Outcome::plain;
    } else if (says_any_of(answer.body, of_time)) {
        const auto date = answer.header("Date");
        verdict.outcome = Outcome::untimely;
        verdict.oldest_allowed = oldest_allowed_in(answer.body);
        verdict.answered_at = date ? platform::parse_http_date(*date) : std::nullopt;
        verdict.too_new = says_any_of(answer.body, of_future);
    }
    return verdict;
}

std::string words_of(const platform::HttpAnswer& answer) {
    const auto body = printable(trim(answer.body), longest_words);
    return "Loki answers " + std::to_string(answer.status) + (body.empty() ? "" : ": " + body);
}

Verdict verdict_of_status(const platform::HttpAnswer& answer, WallTime now) {
    const auto status = answer.status;
    auto what = words_of(answer);
    if (status >= 200 && status <= 204) {
        return {.outcome = Outcome::delivered, .failure = std::nullopt, .what = ""};
    }
    if (status == 429) {
        return {.outcome = Outcome::retry,
                .failure = PushFailure::rate_limited,
                .retry_after = retry_after_of(answer, now),
                .what = std::move(what)};
    }
    if (status == 413 || (status >= 500 && says_any_of(answer.body, of_size))) {
        return {
            .outcome = Outcome::halve, .failure = PushFailure::refused, .what = std::move(what)};
    }
    if (status >= 500 || status == 408 || status == 425) {
        return {.outcome = Outcome::retry,
                .failure = PushFailure::server,
                .retry_after = retry_after_of(answer, now),
                .what = std::move(what)};
    }
    if (status == 401 || status == 403 || status == 407) {
        return {.outcome = Outcome::pause,
                .failure = PushFailure::credentials,
                .what = std::move(what)};
    }
    if (status == 400 || status == 422) {
        return verdict_of_refusal(answer, std::move(what));
    }
    // Loki says by 260 that an operator has blocked what it takes (limits: block_ingestion_until).
    const auto failure = status / 100 == 2 ? PushFailure::refused : PushFailure::url;
    return {.outcome = Outcome::pause, .failure = failure, .what = std::move(what)};
}

// RFC 3339, or as Go prints a time: "2026-01-02 03:04:05.678 +0000 UTC". What is smaller than a
// second is left away.
std::optional<WallTime> parse_time(std::string_view text) {
    constexpr std::string_view of_go = "YYYY-MM-DD hh:mm:ss";
    const auto seconds = text.substr(0, of_go.size());
    const auto time = parse_utc(seconds, "YYYY-MM-DDThh:mm:ss");
    return time ? time : parse_utc(seconds, of_go);
}

}  // namespace

std::optional<WallTime> oldest_allowed_in(std::string_view words) {
    constexpr std::string_view before = "oldest acceptable timestamp is: ";
    const auto at = words.rfind(before);
    const auto whole =
        at == std::string_view::npos ? std::nullopt : parse_time(words.substr(at + before.size()));
    // What is cut off below a second would make it a moment too old.
    return whole ? std::optional{*whole + 1s} : std::nullopt;
}

Verdict verdict_of(const Asked& asked, WallTime now) {
    if (!asked) {
        return {.outcome = Outcome::pause,
                .failure = PushFailure::credentials,
                .what = asked.error().what};
    }
    const auto& result = *asked;
    if (result) {
        return verdict_of_status(*result, now);
    }
    const auto& failed = result.failure();
    return {.outcome = Outcome::retry,
            .failure = failed.timed_out ? PushFailure::timeout : PushFailure::network,
            .what = failed.what};
}

}  // namespace paws::forwarder
