#include "tests/traces/lines.h"

#include <array>
#include <charconv>
#include <chrono>

namespace paws::traces {

namespace {

using namespace std::string_view_literals;

void put(std::string& text, std::size_t at, std::size_t width, unsigned value) {
    for (auto digit = at + width; digit > at; --digit, value /= 10) {
        text[digit - 1] = static_cast<char>('0' + value % 10);
    }
}

constexpr std::array plain_names{"build"sv,
                                 "build / test (ubuntu, 3.12)"sv,
                                 "lint"sv,
                                 "test / unit: core"sv,
                                 "deploy (production)"sv,
                                 "nightly / fuzz"sv,
                                 R"(docker "image")"sv,
                                 "päckage \xF0\x9F\x9A\x80"sv};

constexpr std::array hostile_names{
    ""sv,
    "   "sv,
    "Listening for Jobs"sv,
    "x completed with result: Succeeded"sv,
    "x completed with result: Succeeded completed with result: Failed"sv,
    "a\n2026-01-12 08:00:04Z: Listening for Jobs"sv,
    "a\nRunner listener exited with error code 0"sv,
    "a\nRunner update in progress, do not shutdown runner."sv,
    "a\n2026-01-12 08:00:04Z: Runner connect error: no. Retrying until reconnected."sv,
    "a\nAn error occurred: Runner version v2.300.2 is deprecated and cannot receive messages."sv,
    "a\n2026-01-12 08:00:04Z: Job a completed with result: Succeeded"sv,
    "\x1B[31mred\x1B[0m\xE2\x80\xAEtxt"sv,
    "\xFF\xFE bytes"sv,
    "Runner reconnected."sv};

struct Sentence {
    std::string_view code;
    std::string_view says;
};
constexpr std::array sentences{
    Sentence{"0", "Runner listener exit with 0 return code, stop the service, no retry needed."},
    Sentence{"1", "Runner listener exit with terminated error, stop the service, no retry needed."},
    Sentence{"2", "Runner listener exit with retryable error, re-launch runner in 5 seconds."},
    Sentence{"3", "Runner listener exit because of updating, re-launch runner in 5 seconds."},
    Sentence{
        "5",
        "Runner listener exit with Session Conflict error, stop the service, no retry needed."},
};

std::string_view reason(Cause cause) {
    switch (cause) {
        case Cause::network:
            return "The HTTP request timed out after 00:01:40.";
        case Cause::name_service:
            return "Name or service not known";
        case Cause::proxy:
        case Cause::proxy_tunnel:
            return "The proxy tunnel request to proxy failed";
        case Cause::broker:
            return "Connection refused";
        case Cause::github_errors:
            return "Response status code does not indicate success: 503 (Service Unavailable).";
        case Cause::clock:
            return "The token is not yet valid or has expired.";
        default:
            return "A task was canceled.";
    }
}

}  // namespace

std::string stamped(WallTime at, std::string_view text) {
    using namespace std::chrono;
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss time{floor<seconds>(at - day)};
    std::string line = "0000-00-00 00:00:00Z: ";
    put(line, 0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put(line, 5, 2, static_cast<unsigned>(date.month()));
    put(line, 8, 2, static_cast<unsigned>(date.day()));
    put(line, 11, 2, static_cast<unsigned>(time.hours().count()));
    put(line, 14, 2, static_cast<unsigned>(time.minutes().count()));
    put(line, 17, 2, static_cast<unsigned>(time.seconds().count()));
    return line.append(text);
}

std::string connect_error(Cause cause, std::string_view server) {
    return std::string{reason(cause)}.append(" (").append(server).append(")");
}

std::string_view exit_sentence(std::string_view code) {
    for (const auto& sentence : sentences) {
        if (sentence.code == code) {
            return sentence.says;
        }
    }
    return "Runner listener exit with undefined return code, re-launch runner in 5 seconds.";
}

std::string job_name(Dice& dice) {
    if (dice.percent(70)) {
        return std::string{dice.any_of(plain_names)};
    }
    return dice.one_in(12) ? std::string(300 + dice.below(5'000), 'n')
                           : std::string{dice.any_of(hostile_names)};
}

std::string_view job_result(Dice& dice) {
    const auto thrown = dice.below(100);
    return thrown < 78   ? "Succeeded"
           : thrown < 80 ? "SucceededWithIssues"
           : thrown < 93 ? "Failed"
           : thrown < 99 ? "Canceled"
                         : "Skipped";
}

}  // namespace paws::traces
