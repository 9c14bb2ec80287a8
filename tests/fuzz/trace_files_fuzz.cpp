#include "collectors/job_message.h"
#include "collectors/trace_lines.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;
using namespace paws::collectors;

namespace {

bool fold_lines(std::string_view input, WallTime now) {
    RunnerTrace trace;
    bool accepted = false;
    while (!input.empty()) {
        const auto event = parse_trace_line(take_until(input, '\n'));
        if (!event) {
            continue;
        }
        accepted = true;
        fold(trace, *event, now);
        fuzz::require(!trace.lease_renewed || *trace.lease_renewed <= now);
        fuzz::require(trace.worker_exit_code.size() <= 6 && trace.listener_exit_code.size() <= 6);
    }
    return accepted;
}

}  // namespace

// The trace of a listener and the trace of a worker are one input here: job code can write both.
bool paws::fuzz::accepts(std::string_view input) {
    const bool lines = fold_lines(input, WallTime{std::chrono::hours{24 * 365 * 56}});
    const auto message = parse_job_message(input);
    require(message.display_name.size() <= 1024);
    const auto identity = job_identity(message.words);
    if (identity) {
        for (const auto& text : {identity->repository, identity->workflow, identity->job}) {
            require(text.size() <= 256 && printable(text) == text);
        }
    }
    return lines || identity;
}
