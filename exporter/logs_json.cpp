#include "exporter/logs_json.h"

#include "exporter/json_parts.h"
#include "exporter/view.h"

#include <boost/json/array.hpp>

namespace paws::exporter {

namespace {

namespace json = boost::json;

template <class Words, class Counts>
json::object counts_by(const Words& words, const Counts& counts) {
    json::object object;
    for (const auto word : words) {
        const auto found = counts.find(word);
        object[to_string(word)] = found == counts.end() ? 0 : found->second;
    }
    return object;
}

json::object counts_json(const LogShipping& logs) {
    json::object redactions;
    for (const auto& [rule, count] : logs.counts.redactions) {
        redactions[rule] = count;
    }
    return {{"read", counts_by(log_sources, logs.counts.read)},
            {"sent", logs.counts.sent},
            {"sent_bytes", logs.counts.sent_bytes},
            {"quarantined", logs.counts.quarantined},
            {"gaps", logs.counts.gaps},
            {"dropped", counts_by(log_losses, logs.counts.lost)},
            {"redactions", std::move(redactions)},
            {"push_failures", counts_by(push_failures, logs.pushes.failures)}};
}

json::array quarantined_json(const LogShipping& logs) {
    json::array lines;
    for (const auto& line : logs.quarantined) {
        lines.push_back(json::object{{"time", parts::time_or_null(line.at)},
                                     {"labels", parts::text(line.labels)},
                                     {"line", parts::text(line.line)},
                                     {"reason", parts::text(line.reason)}});
    }
    return lines;
}

std::string_view state_word(const Snapshot& snapshot, const AgentInfo& agent) {
    return outdated(snapshot, agent.now) ? "unknown" : to_string(snapshot.logs->state);
}

json::value lag_json(const Snapshot& snapshot, const AgentInfo& agent) {
    const auto lag =
        outdated(snapshot, agent.now) ? std::nullopt : lag_of(*snapshot.logs, agent.now.wall);
    return lag ? json::value(to_seconds(*lag)) : nullptr;
}

}  // namespace

// "configured" is false, and nothing else is there, when no logs are shipped.
json::object logs_json(const Snapshot& snapshot, const AgentInfo& agent) {
    json::object document{{"version", 1}, {"time", parts::time_or_null(agent.now.wall)}};
    document["configured"] = snapshot.logs.has_value();
    if (!snapshot.logs) {
        return document;
    }
    const auto& logs = *snapshot.logs;
    document["state"] = state_word(snapshot, agent);
    document["trouble"] = parts::text_or_null(logs.trouble);
    document["journal_trouble"] = parts::text_or_null(logs.journal_trouble);
    document["traces_trouble"] = parts::text_or_null(logs.traces_trouble);
    document["url"] = parts::text(logs.url);
    document["begun_anew"] = logs.begun_anew;
    document["lag_seconds"] = lag_json(snapshot, agent);
    document["shipped_to"] = parts::time_or_null(logs.shipped_to);
    document["last_push"] = parts::time_or_null(logs.last_push);
    document["journal_reserve_bytes"] = parts::or_null(logs.reserve_bytes);
    document["counts"] = counts_json(logs);
    document["quarantine"] = quarantined_json(logs);
    document["quarantine_left_out"] = logs.quarantine_left_out;
    return document;
}

json::value shipping_json(const Snapshot& snapshot, const AgentInfo& agent) {
    if (!snapshot.logs) {
        return nullptr;
    }
    const auto& logs = *snapshot.logs;
    const auto& trouble = !logs.trouble.empty()           ? logs.trouble
                          : !logs.journal_trouble.empty() ? logs.journal_trouble
                                                          : logs.traces_trouble;
    return json::object{{"state", state_word(snapshot, agent)},
                        {"lag_seconds", lag_json(snapshot, agent)},
                        {"trouble", parts::text_or_null(trouble)}};
}

}  // namespace paws::exporter
