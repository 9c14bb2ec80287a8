#include "agent/web.h"

#include <boost/asio/post.hpp>

namespace paws::agent {

Result<void> Web::open(const WebSection& web, const ExporterSection& exporter) {
    if (web.listen.empty()) {
        return {};
    }
    if (auto opened = open_access(web); !opened) {
        return opened;
    }
    auto server = exporter::Server::start(
        {.listen = web.listen,
         .metrics = {.legacy_metrics = exporter.legacy_metrics},
         .tls = access_->has_tls(),
         .locks = access_->locks()},
        {.latest = [this] { return house_.slot.latest(); },
         .fresh = [this] { return fresh(); },
         .agent = [this] { return describe(); },
         .jobs = house_.jobs,
         .now = house_.clock,
         .past_hour = [this] { return past_hour_.past_hour(); },
         .identity = [this] { return access_->identity(); },
         .handshake_refused =
             [this](const exporter::HandshakeRefusal& refusal) { access_->note(refusal); },
         .tokens = [this] { return access_->tokens(); }});
    if (!server) {
        return server.error();
    }
    server_ = std::move(*server);
    for (const auto& address : server_->addresses()) {
        house_.log.info("serving", {{"address", address}});
    }
    return {};
}

Result<void> Web::open_access(const WebSection& web) {
    access_.emplace(web, house_.clock, house_.log);
    if (const auto where = open_to_listeners(web)) {
        house_.log.warning(
            "web: tokens cross the network in the clear, whoever listens there can use them; set "
            "[web] tls_cert and tls_key, or listen on 127.0.0.1",
            {{"address", *where}});
    }
    return access_->begin();
}

exporter::AgentInfo Web::describe() {
    auto info = house_.self.describe();
    info.web = access_->describe();
    info.handshakes_refused = access_->handshakes_refused();
    return info;
}

Published Web::fresh() {
    auto latest = house_.slot.latest();
    if (is_recent(latest, house_.clock())) {
        return latest;
    }
    const auto seen = latest ? latest->sequence : 0;
    boost::asio::post(house_.loop, [this, seen] { house_.ticker.ask_newer_than(seen); });
    return house_.slot.newer_than(seen, patience_for_a_tick);
}

}  // namespace paws::agent
