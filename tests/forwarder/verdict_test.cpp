#include "forwarder/verdict.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

constexpr WallTime now{std::chrono::sys_days{std::chrono::November / 6 / 1994} + 8h + 49min + 30s};

Verdict answered(unsigned status, std::string body = "", std::string retry_after = "") {
    platform::HttpAnswer answer{.status = status, .headers = {}, .body = std::move(body)};
    if (!retry_after.empty()) {
        answer.headers.push_back({"retry-after", std::move(retry_after)});
    }
    return verdict_of(platform::HttpResult{std::move(answer)}, now);
}

struct Row {
    unsigned status = 0;
    Outcome outcome = Outcome::retry;
    std::optional<PushFailure> failure;
};

constexpr const char* entry = "entry for stream '{host=\"a\"}' has ";

}  // namespace

TEST_CASE("verdict: every class of status has its outcome") {
    for (const auto& row : {
             Row{200, Outcome::delivered, std::nullopt},
             Row{202, Outcome::delivered, std::nullopt},
             Row{204, Outcome::delivered, std::nullopt},
             Row{260, Outcome::pause, PushFailure::refused},  // Loki: ingestion is blocked
             Row{301, Outcome::pause, PushFailure::url},
             Row{302, Outcome::pause, PushFailure::url},
             Row{400, Outcome::refused, PushFailure::refused},
             Row{401, Outcome::pause, PushFailure::credentials},
             Row{403, Outcome::pause, PushFailure::credentials},
             Row{404, Outcome::pause, PushFailure::url},
             Row{405, Outcome::pause, PushFailure::url},
             Row{407, Outcome::pause, PushFailure::credentials},
             Row{408, Outcome::retry, PushFailure::server},
             Row{413, Outcome::halve, PushFailure::refused},
             Row{422, Outcome::refused, PushFailure::refused},
             Row{425, Outcome::retry, PushFailure::server},
             Row{429, Outcome::retry, PushFailure::rate_limited},
             Row{500, Outcome::retry, PushFailure::server},
             Row{502, Outcome::retry, PushFailure::server},
             Row{503, Outcome::retry, PushFailure::server},
             Row{504, Outcome::retry, PushFailure::server},
             Row{599, Outcome::retry, PushFailure::server},
         }) {
        const auto verdict = answered(row.status);
        INFO(row.status);
        CHECK(verdict.outcome == row.outcome);
        CHECK(verdict.failure == row.failure);
        CHECK(verdict.what.empty() == (row.outcome == Outcome::delivered));
    }
}

TEST_CASE("verdict: no answer is tried again, a secret that cannot be read waits for somebody") {
    const auto silent = verdict_of(
        platform::HttpResult{ReachFailure{.what = "no answer in 10 s", .timed_out = true}}, now);
    CHECK(silent.outcome == Outcome::retry);
    CHECK(silent.failure == PushFailure::timeout);
    CHECK(silent.what == "no answer in 10 s");
    const auto refused =
        verdict_of(platform::HttpResult{ReachFailure{.what = "connection refused"}}, now);
    CHECK(refused.outcome == Outcome::retry);
    CHECK(refused.failure == PushFailure::network);
    const auto unread = verdict_of(Error{Errc::denied, "/t: permission denied"}, now);
    CHECK(unread.outcome == Outcome::pause);
    CHECK(unread.failure == PushFailure::credentials);
    CHECK(unread.what == "/t: permission denied");
}

TEST_CASE("verdict: Retry-After is seconds or a date, within bounds, and nonsense is none") {
    for (const unsigned status : {429U, 503U}) {
        CHECK(answered(status, "", "7").retry_after == 7s);
        CHECK(answered(status, "", "0").retry_after == 0s);
        CHECK(answered(status, "", "4294967295").retry_after == 10min);
        CHECK(answered(status, "", "Sun, 06 Nov 1994 08:49:37 GMT").retry_after == 7s);
        CHECK(answered(status, "", "Sun, 06 Nov 1994 08:49:07 GMT").retry_after == 0s);
        CHECK(answered(status, "", "Sat, 06 Nov 2094 08:49:07 GMT").retry_after == 10min);
        CHECK_FALSE(answered(status).retry_after);
        for (const auto* odd : {"-1",
                                "soon",
                                "1.5",
                                "99999999999999999999",
                                "Fri, 31 Dec 9999 23:59:59 GMT",
                                "\xFF"}) {
            CHECK_FALSE_MESSAGE(answered(status, "", odd).retry_after, odd);
        }
    }
    CHECK_FALSE(answered(401, "", "7").retry_after);
}

TEST_CASE("verdict: Loki's words about time are told from those about the line") {
    const auto old = answered(400,
                              std::string{entry} +
                                  "timestamp too old: 1994-10-01T00:00:00Z, oldest acceptable "
                                  "timestamp is: 1994-10-30T08:49:30Z\n");
    CHECK(old.outcome == Outcome::untimely);
    CHECK(old.oldest_allowed == now - 168h + 1s);
    const auto future =
        answered(400, std::string{entry} + "timestamp too new: 1994-12-01T00:00:00Z");
    CHECK(future.outcome == Outcome::untimely);
    CHECK_FALSE(future.oldest_allowed);
    const auto behind = answered(
        400,
        "entry with timestamp 1994-11-06 05:00:00.5 +0000 UTC ignored, reason: 'entry too far "
        "behind, entry timestamp is: 1994-11-06T05:00:00Z, oldest acceptable timestamp is: "
        "1994-11-06T07:49:30Z',\nuser 'fake', total ignored: 1 out of 1 for stream: {host=\"a\"}");
    CHECK(behind.outcome == Outcome::untimely);
    CHECK(behind.oldest_allowed == now - 1h + 1s);
    CHECK(answered(400, "entry out of order").outcome == Outcome::untimely);
    CHECK(future.too_new);
    CHECK_FALSE(old.too_new);
}

TEST_CASE("verdict: the reason is found behind labels, however long") {
    const auto labels = "entry for stream '{unit=\"" + std::string(5'000, 'u') + "\"}' has ";
    const auto old = answered(400,
                              labels +
                                  "timestamp too old: 1994-10-01T00:00:00Z, oldest acceptable "
                                  "timestamp is: 1994-10-30T08:49:30Z\n");
    CHECK(old.outcome == Outcome::untimely);
    CHECK(old.oldest_allowed == now - 168h + 1s);
}

TEST_CASE("verdict: what Loki's own parts find too large is halved and not tried for ever") {
    for (const auto* words : {"grpc: received message larger than max (4200000 vs. 4194304)",
                              "trying to send message larger than max (5000000 vs. 4194304)"}) {
        const auto verdict =
            answered(500, std::string{"rpc error: code = ResourceExhausted desc = "} + words);
        CHECK(verdict.outcome == Outcome::halve);
        CHECK(verdict.failure == PushFailure::refused);
    }
}

TEST_CASE("verdict: a Loki that wants no metadata, and one that finds it too large") {
    CHECK(answered(400,
                   "stream '{host=\"a\"}' includes structured metadata, but this feature is "
                   "disallowed. Please see `limits_config.allow_structured_metadata` or contact "
                   "your Loki administrator to enable it.")
              .outcome == Outcome::plain);
    CHECK(answered(400,
                   "stream '{host=\"a\"}' has structured metadata too large: '70000' bytes, limit: "
                   "'65536' bytes. Please see `limits_config.max_structured_metadata_size` or "
                   "contact your Loki administrator to increase it.")
              .outcome == Outcome::refused);
}

TEST_CASE("verdict: other refusals are of the line, with Loki's words for people") {
    const std::string words =
        "Max entry size '262144' bytes exceeded for stream '{host=\"a\"}' while adding an entry "
        "with length '300000' bytes";
    const auto long_line = answered(400, words + "\n");
    CHECK(long_line.outcome == Outcome::refused);
    CHECK(long_line.what == "Loki answers 400: " + words);
    CHECK(answered(400, "couldn't parse labels: 1:2: parse error").outcome == Outcome::refused);
    CHECK(answered(422, "error at least one valid stream is required for ingestion").outcome ==
          Outcome::refused);
    const auto huge = answered(400, std::string(1'000'000, 'x'));
    CHECK(huge.what.size() < 3'000);
    CHECK(answered(400, "\xFF\x1B[31m").what.find('\x1B') == std::string::npos);
}

TEST_CASE("oldest allowed: both forms of a time, and no time that is none") {
    const std::string before = "oldest acceptable timestamp is: ";
    const auto at = std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h + 4min + 5s;
    CHECK(oldest_allowed_in(before + "2026-01-02T03:04:05Z") == at + 1s);
    CHECK(oldest_allowed_in(before + "2026-01-02T03:04:05.678901234Z, and more") == at + 1s);
    CHECK(oldest_allowed_in(before + "2026-01-02 03:04:05.678 +0000 UTC") == at + 1s);
    CHECK(oldest_allowed_in(before + "2025-01-02T03:04:05Z; " + before + "2026-01-02T03:04:05Z") ==
          at + 1s);  // the last is of the stream that Loki speaks of
    for (const auto* odd : {"",
                            "2026-01-02",
                            "2026-13-02T03:04:05Z",
                            "2026-02-30T03:04:05Z",
                            "2026-01-02X03:04:05Z",
                            "yyyy-mm-ddThh:mm:ssZ",
                            "9999-01-02T03:04:05Z",     // beyond what nanoseconds hold
                            "0001-01-01T00:00:00Z"}) {  // Go's zero time
        CHECK_FALSE_MESSAGE(oldest_allowed_in(before + odd), odd);
    }
    CHECK_FALSE(oldest_allowed_in("2026-01-02T03:04:05Z"));
}
