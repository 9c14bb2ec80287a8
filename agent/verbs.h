// Verbs: what the control socket answers, to whom. Lives on the loop.

#pragma once

#include "agent/config_file.h"
#include "agent/control_message.h"
#include "agent/history.h"
#include "agent/role.h"
#include "agent/self.h"
#include "agent/ticker.h"
#include "agent/wish_request.h"
#include "agent/wishes.h"
#include "forwarder/shipper.h"

#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

namespace paws::agent {

class Verbs {
public:
    // All outlive the conversations; `loaded` is what is in force at the moment of asking, and
    // `shipper` tells who ships logs then, if anybody does.
    Verbs(boost::asio::io_context& loop,
          Ticker& ticker,
          const SnapshotSlot& slot,
          const Self& self,
          const LoadedConfig& loaded,
          History& history,
          Wishes& wishes,
          std::function<forwarder::Shipper*()> shipper);

    // The whole answer to one line of a peer, refusals included.
    boost::asio::awaitable<std::string> respond(std::string line, platform::Peer peer);
    bool is_operator(const platform::Peer& peer) const;

private:
    Standing standing(const platform::Peer& peer) const;
    boost::asio::awaitable<Published> fresh();
    boost::asio::awaitable<std::string> status(Request request);
    boost::asio::awaitable<std::string> runner(Request request);
    boost::asio::awaitable<std::string> jobs(Request request);
    boost::asio::awaitable<History::Jobs> history_jobs(JobQuery query);
    boost::asio::awaitable<std::string> logs(Request request);
    std::string config(const Request& request) const;
    boost::asio::awaitable<std::string> wish(Verb verb, Request asked);
    boost::asio::awaitable<Result<void>> wishes_kept();
    // Nothing, or the refusal.
    std::optional<std::string> resume(const Runner& runner,
                                      const WishRequest& request,
                                      const Snapshot& latest);

    boost::asio::io_context& loop_;
    Ticker& ticker_;
    const SnapshotSlot& slot_;
    const Self& self_;
    const LoadedConfig& loaded_;
    History& history_;
    Wishes& wishes_;
    std::function<forwarder::Shipper*()> shipper_;
    Household household_;
};

}  // namespace paws::agent
