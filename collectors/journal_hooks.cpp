// What the hooks of jobs sent: JournalCollector's other half.

#include "collectors/job_identity.h"
#include "collectors/journal.h"
#include "core/job_hook.h"

#include <algorithm>
#include <utility>

namespace paws::collectors {

namespace {

constexpr std::size_t most_hook_entries = 32;  // looked at for one job

}  // namespace

// What the worker's trace says of a job counts until its hook speaks: a job may write to either,
// but journald saw who sent the entry.
void JournalCollector::learn_traced_job(Track& track, const Runner& runner) {
    const auto& traced = runner.trace.value ? runner.trace.value->job : std::nullopt;
    auto& job = track.log.job;
    if (traced && job && job->started == traced->started && !job->identity) {
        job->identity = traced->identity;
        track.changed = true;
    }
}

// Sent by a process of the unit that runs as the runner does. Job code is such a process too: it
// may lie about its own job, so the first entry of a job counts, which is the hook's.
bool JournalCollector::is_hook(const Track& track, const JournalEntry& entry) {
    return entry.transport == "journal" && track.uid && entry.uid == track.uid &&
           std::ranges::find(hook_events, entry.message_id, &HookEvent::message_id) !=
               hook_events.end();
}

bool JournalCollector::hear_hook(Track& track, const JournalEntry& entry) {
    auto identity = job_identity(entry.words);
    if (!identity || !track.log.job || track.hooked) {
        return false;
    }
    track.log.job->identity = std::move(identity);
    track.hooked = true;
    track.changed = true;
    return true;
}

// A history holds the wrapper's entries alone, so the hooks' are looked up job by job: whatever
// else sends such entries, of each job only the first few are looked at.
Result<void> JournalCollector::read_hooks(const std::string& unit, Track& track) {
    std::vector<std::string> terms{"_SYSTEMD_UNIT=" + unit, "_TRANSPORT=journal"};
    for (const auto& event : hook_events) {
        terms.push_back("MESSAGE_ID=" + std::string{event.message_id});
    }
    if (auto matched = journal_->match(terms); !matched) {
        return matched;
    }
    for (auto& job : track.log.finished) {
        if (const auto found = read_hook(track, job); !found) {
            return found.error();
        }
    }
    if (track.log.job) {
        const auto found = read_hook(track, *track.log.job);
        if (!found) {
            return found.error();
        }
        track.hooked = *found;
    }
    return {};
}

// True when a hook told whose job it is.
Result<bool> JournalCollector::read_hook(const Track& track, Job& job) {
    if (const auto sought = journal_->seek_time(job.started); !sought) {
        return sought.error();
    }
    for (std::size_t count = 0; count < most_hook_entries; ++count) {
        const auto more = journal_->next();
        if (!more) {
            return more.error();
        }
        if (!*more || (job.finished && journal_->taken() > *job.finished)) {
            break;
        }
        const auto read = entry();
        auto identity = is_hook(track, read) ? job_identity(read.words) : std::nullopt;
        if (identity) {
            job.identity = std::move(identity);
            return true;
        }
    }
    return false;
}

}  // namespace paws::collectors
