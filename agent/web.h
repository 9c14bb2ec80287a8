// Web: what is served over HTTP, and to whom: the metrics, the page and its past hour. Lives on the
// loop; the server's threads ask for what is newest, and any number of them cause one tick.

#pragma once

#include "agent/config.h"
#include "agent/log.h"
#include "agent/self.h"
#include "agent/ticker.h"
#include "agent/web_access.h"
#include "core/job.h"
#include "core/snapshot_slot.h"
#include "exporter/history.h"
#include "exporter/server.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace paws::agent {

class Web {
public:
    // All of it outlives the web.
    struct House {
        boost::asio::io_context& loop;
        Ticker& ticker;
        SnapshotSlot& slot;
        Self& self;
        Log& log;
        Clock clock;
        std::function<Result<std::vector<RunnerJob>>(const JobQuery&)> jobs;  // from any thread
    };

    explicit Web(House house) : house_{std::move(house)} {}

    // Nothing is served where [web] listen is empty.
    Result<void> open(const WebSection& web, const ExporterSection& exporter);
    void close() { server_.reset(); }
    void add(const Snapshot& snapshot) { past_hour_.add(snapshot); }

private:
    Result<void> open_access(const WebSection& web);
    exporter::AgentInfo describe();
    Published fresh();

    House house_;
    exporter::History past_hour_;
    std::optional<WebAccess> access_;
    std::optional<exporter::Server> server_;
};

}  // namespace paws::agent
