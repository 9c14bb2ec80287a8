// Job message: the few words of it that say whose job it is, out of a worker's own trace
// (_diag/Worker_*.log), where the runner writes it with its secrets masked. Pure. Nothing else of
// it is kept, and a message that is cut or broken gives what stands before the break.

#pragma once

#include "collectors/job_identity.h"

#include <string>
#include <string_view>

namespace paws::collectors {

struct JobMessage {
    std::string display_name;  // what "Running job:" says; empty when it was not seen
    IdentityWords words;
    bool complete = false;  // the whole message was there: reading on would tell no more
};

// `trace` is the beginning of such a file.
JobMessage parse_job_message(std::string_view trace);

}  // namespace paws::collectors
