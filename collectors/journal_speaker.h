// Speaker: which process of a runner's unit speaks for the runner. Pure.
//
// Whatever runs in the unit's cgroup, jobs included, has its journal entries under the unit's name.
// Of them only stdout lines of the unit's main process and of its direct child, the listener's
// wrapper, are the runner's. journald names the sender of each stdout line by credentials that the
// kernel attaches, so the pid is beyond dispute. (What the process is made to print is not: job
// code of the same user can have node run code of its own, by SIGUSR1 and its inspector.) Whose pid
// it is comes from
//  - the processes of the running unit, when they are known: the child of the main process that
//    has a listener below it;
//  - else the journal itself, for each start of the unit (_SYSTEMD_INVOCATION_ID): the first that
//    writes beside the shell, on the shell's own stream where that is known, and it must say that
//    it starts a listener. A job cannot have written before a listener ran.

#pragma once

#include "collectors/job_identity.h"
#include "core/runner_facts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paws::collectors {

struct JournalEntry {
    WallTime at;
    std::string transport;
    std::string unit;
    std::string invocation;
    std::string stream;  // _STREAM_ID: one for each connection to journald
    std::string message;
    int pid = 0;
    bool broken = false;  // journald cut the line (_LINE_BREAK)
    std::optional<std::uint32_t> uid;
    std::string message_id;
    IdentityWords words;  // of a job's hook (core/job_hook.h)
};

class Speaker {
public:
    // True when entries of the wrapper, as it is known now, were refused before, or those of
    // another process were believed: what was read of this start is then to be read again.
    bool learn(const Runner& runner);

    // To be asked of every entry of the unit, in order.
    bool speaks(const JournalEntry& entry);

    int wrapper_of(const std::string& invocation) const;  // 0: unknown

private:
    struct Start {
        std::string invocation;
        std::string stream;
        int shell = 0;
        int wrapper = 0;
        bool begun = false;        // an entry was seen
        bool taken = false;        // somebody beside the shell has written
        std::vector<int> refused;  // the first few that were not believed
    };

    Start& start_of(const std::string& invocation);
    static bool refused(const Start& start, int pid);
    static bool believe(Start& start, int wrapper);
    static bool introduces_itself(Start& start, const JournalEntry& entry);
    bool is_believed(Start& start, const JournalEntry& entry) const;

    std::vector<Start> starts_;  // the last few, oldest first
    int unmanaged_wrapper_ = 0;  // of a runner without a unit's state
};

}  // namespace paws::collectors
