#include "agent/log_verbs.h"

#include "core/text.h"
#include "exporter/json_parts.h"

#include <optional>

#include <boost/json/array.hpp>

namespace paws::agent {

namespace {

namespace json = boost::json;
using forwarder::TrialResult;

constexpr std::size_t lines_of_an_answer = 200;

std::string no_shipping() {
    return refusal(Refusal::conflict,
                   "no logs are shipped: set [logs] loki_url and reload the agent");
}

// The only argument, a number; nothing when it is another.
std::optional<std::uint64_t> only_number(const json::object& arguments, std::string_view name) {
    const auto* value = arguments.if_contains(name);
    if (value == nullptr || arguments.size() != 1) {
        return std::nullopt;
    }
    if (const auto* number = value->if_int64(); number != nullptr && *number >= 0) {
        return static_cast<std::uint64_t>(*number);
    }
    const auto* number = value->if_uint64();
    return number == nullptr ? std::nullopt : std::optional{*number};
}

std::string_view found_word(TrialResult::Found found) {
    switch (found) {
        case TrialResult::Found::yes:
            return "yes";
        case TrialResult::Found::no:
            return "no";
        case TrialResult::Found::unknown:
            return "unknown";
    }
    return "";
}

json::object trial_json(const TrialResult& trial) {
    namespace parts = exporter::parts;
    return {{"trial", trial.number},
            {"running", trial.running},
            {"url", parts::text(trial.url)},
            {"pushed", trial.pushed},
            {"push_trouble", parts::text_or_null(printable(trial.push_trouble, 1024))},
            {"push_seconds", to_seconds(trial.push_took)},
            {"found", found_word(trial.found)},
            {"find_trouble", parts::text_or_null(printable(trial.find_trouble, 1024))},
            {"found_seconds", to_seconds(trial.found_after)},
            {"query", parts::text(trial.query)}};
}

}  // namespace

std::string follow_logs(const Request& request, forwarder::Shipper* shipper, const Now& now) {
    const auto after = only_number(request.arguments, "after");
    if (!after) {
        return refusal(Refusal::usage, R"('logs_follow' takes one argument: {"after":0})");
    }
    if (shipper == nullptr) {
        return no_shipping();
    }
    json::array lines;
    for (const auto& line : shipper->audience().lines_after(*after, lines_of_an_answer, now)) {
        lines.push_back(json::object{{"number", line.number},
                                     {"time", exporter::parts::time_or_null(line.at)},
                                     {"labels", line.labels},
                                     {"line", line.line}});
    }
    return answer({{"since", exporter::parts::time_or_null(shipper->audience().since())},
                   {"lines", std::move(lines)}});
}

std::string test_logs(const Request& request, forwarder::Shipper* shipper) {
    const auto wanted = only_number(request.arguments, "trial");
    if (!wanted && !request.arguments.empty()) {
        return refusal(Refusal::usage, R"('logs_test' takes no argument, or one: {"trial":1})");
    }
    if (shipper == nullptr) {
        return no_shipping();
    }
    if (!wanted) {
        return answer({{"trial", shipper->try_out()}, {"running", true}});
    }
    const auto last = shipper->trials().read();
    if (!last || last->number != *wanted) {
        return refusal(Refusal::not_found, "that trial is forgotten; begin another");
    }
    return answer(trial_json(*last));
}

}  // namespace paws::agent
