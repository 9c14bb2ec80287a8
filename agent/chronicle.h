// Chronicle: tells the log what changed from one look at the host to the next, each change once.

#pragma once

#include "actions/unit_actions.h"
#include "agent/log.h"
#include "agent/news.h"
#include "core/snapshot.h"

#include <map>
#include <set>
#include <string>

namespace paws::agent {

class Chronicle {
public:
    // The log outlives it.
    explicit Chronicle(Log& log) : log_{log} {}

    // `being_opened`: runners whose closed directories an action is about to open.
    void tell(const Snapshot& snapshot, const std::set<std::string>& being_opened);
    // What came of an order that a wish asked for.
    void tell(const actions::Outcome& outcome, BootTime now);
    // What came of a privileged action.
    void tell_action(const actions::Outcome& outcome, BootTime now);
    // That directories were not taken. Anybody may knock there: few of these a minute, each once.
    void tell_refused_handover(const std::string& why, BootTime now);

private:
    void tell_collectors(const Snapshot& snapshot);
    void tell_files(const Snapshot& snapshot, const std::set<std::string>& being_opened);
    void tell_runners(const Snapshot& snapshot);

    Log& log_;
    News collector_news_{""};
    News runner_news_{"unknown"};
    News order_news_{""};  // why a wish cannot be carried out
    News action_news_{""};
    News files_news_{""};  // what is wrong with a runner's files
    std::map<std::string, BootTime> refused_handovers_;
};

}  // namespace paws::agent
