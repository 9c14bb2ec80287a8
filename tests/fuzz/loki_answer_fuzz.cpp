#include "forwarder/loki_version.h"
#include "forwarder/trial.h"
#include "forwarder/verdict.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;
using namespace paws::forwarder;

// What stands before a Loki may be anybody: the first byte is the status, the rest the body.
bool paws::fuzz::accepts(std::string_view input) {
    if (input.empty()) {
        return false;
    }
    const auto lead = static_cast<unsigned char>(input.front());
    const std::string body{input.substr(1)};
    platform::HttpAnswer answer;
    answer.status = 100 + lead * 2U;
    answer.headers.push_back({"Retry-After", body.substr(0, 40)});
    answer.body = body;
    const WallTime now{std::chrono::hours{24 * 365 * 56}};
    const auto verdict = verdict_of(platform::HttpResult{answer}, now);
    require((verdict.outcome == Outcome::delivered) == (answer.status / 100 == 2));
    require(verdict.failure.has_value() == (verdict.outcome != Outcome::delivered));
    require(!verdict.retry_after || (*verdict.retry_after >= std::chrono::nanoseconds{} &&
                                     *verdict.retry_after <= std::chrono::hours{1}));
    require(verdict.what.size() < 2'000);
    const auto keeps = keeps_metadata(body);
    const auto has = page_has(body, "line");
    return keeps || has || verdict.oldest_allowed;
}
