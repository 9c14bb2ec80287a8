#include "agent/log_options.h"

#include "agent/version.h"

namespace paws::agent {

namespace {

forwarder::Beginning beginning(const LogsSection& logs, const LogPlace& place) {
    using At = forwarder::Beginning::At;
    if (place.since) {
        return {.at = At::time, .time = place.now - *place.since};
    }
    return {.at = logs.start == LogStart::beginning ? At::oldest : At::now};
}

forwarder::LokiOptions loki_options(const LogsSection& logs) {
    return {.url = logs.loki_url,
            .tenant = logs.tenant,
            .user = logs.user,
            .password_file = logs.password_file,
            .token_file = logs.token_file,
            .ca_file = logs.ca_file,
            .cert_file = logs.cert_file,
            .key_file = logs.key_file,
            .proxy = logs.proxy,
            .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(logs.timeout),
            .agent = "paws-agent/" + std::string{version()}};
}

forwarder::MetadataWish metadata_wish(LogMetadata metadata) {
    switch (metadata) {
        case LogMetadata::as_loki_can:
            return forwarder::MetadataWish::as_loki_can;
        case LogMetadata::structured:
            return forwarder::MetadataWish::structured;
        case LogMetadata::suffix:
            return forwarder::MetadataWish::suffix;
    }
    return forwarder::MetadataWish::as_loki_can;
}

}  // namespace

forwarder::ShipperOptions log_options(const Config& config, const LogPlace& place) {
    const auto& logs = config.logs;
    forwarder::ShipperOptions options;
    options.loki = loki_options(logs);
    options.journal = {.root = config.agent.root,
                       .directory = config.journal.directory,
                       .name_space = config.journal.namespace_id};
    options.root = config.agent.root;
    options.filter = {.units = logs.units, .identifiers = logs.identifiers, .least = logs.priority};
    options.beginning = beginning(logs, place);
    options.traces = logs.diag;
    options.labels = logs.labels;
    options.labels["host"] = place.host;
    options.labels["environment"] = config.agent.environment;
    options.redact = logs.redact;
    options.batch = {.bytes = logs.batch_bytes, .lines = logs.batch_lines, .wait = logs.batch_wait};
    options.metadata = metadata_wish(logs.metadata);
    return options;
}

}  // namespace paws::agent
