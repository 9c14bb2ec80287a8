#include "policy/hung.h"

#include "core/snapshot.h"
#include "policy/thresholds.h"
#include "policy/waiting.h"

namespace paws::policy {

namespace {

constexpr std::size_t proof = 2;

// For as long as a silence of its own takes: a listener whose polls GitHub does not answer tries
// anew, and between two of its connections there is nothing to be seen.
bool sockets_are_silent(const ContactView& contact) {
    return contact.sockets_silent_for > contact_block;
}

// Nothing holds the listener to GitHub, although the same way is open from here, and was tried
// since it was last heard.
bool has_no_socket(const Runner& runner, const ContactView& contact, const Now& now) {
    const auto* sockets = fresh(runner.sockets, now);
    const auto* reach = polled_reach(runner, now);
    return !contact.by_lease && sockets_are_silent(contact) && sockets != nullptr &&
           sockets->established == 0 && reach != nullptr && !reach->failure &&
           (!contact.last || reach->tried.boot > *contact.last);
}

bool github_disagrees(const Runner& runner, const Now& now) {
    const auto* api = fresh(runner.api, now, network_fresh_for);
    return api != nullptr && api->registration == Registration::offline;
}

// GitHub gives a job to one that polls within seconds.
bool is_given_nothing(const Runner& runner, const Now& now) {
    const auto kept = job_kept_from(runner, now);
    return kept && kept->job != nullptr && kept->seconds > to_seconds(job_wait_patience);
}

}  // namespace

std::set<HungSign> hung_signs_of(const Runner& runner, const ContactView& contact, const Now& now) {
    std::set<HungSign> signs;
    if (!contact.watched || contact.silent_for <= contact_block) {
        return signs;
    }
    if (contact.by_lease) {
        signs.insert(HungSign::late_lease);
    } else if (sockets_are_silent(contact)) {
        signs.insert(HungSign::silent_sockets);
    }
    if (has_no_socket(runner, contact, now)) {
        signs.insert(HungSign::no_socket);
    }
    if (github_disagrees(runner, now)) {
        signs.insert(HungSign::github_disagrees);
    }
    if (is_given_nothing(runner, now)) {
        signs.insert(HungSign::jobs_wait);
    }
    if (contact.stuck_for > stuck_patience) {
        signs.insert(HungSign::stuck_process);
    }
    return signs;
}

std::string_view describe(HungSign sign) {
    switch (sign) {
        case HungSign::silent_sockets:
            return "its sockets are silent";
        case HungSign::late_lease:
            return "its job's lease runs out";
        case HungSign::no_socket:
            return "it has no connection while this host reaches GitHub";
        case HungSign::github_disagrees:
            return "GitHub calls it offline";
        case HungSign::jobs_wait:
            return "GitHub calls it online and gives it no job, although one waits";
        case HungSign::stuck_process:
            return "its listener cannot run (process state D, T or Z)";
    }
    return "";
}

// A listener that cannot run needs no witness for the way to GitHub.
bool is_hung(const std::set<HungSign>& signs, const ContactView& contact) {
    const bool alone = signs.contains(HungSign::stuck_process) && !contact.explanation;
    return signs.size() >= proof && (alone || contact.unexplained_for > contact_block);
}

}  // namespace paws::policy
