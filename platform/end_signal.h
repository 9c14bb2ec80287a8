// End signal: waiting, in a program that goes on until somebody ends it.

#pragma once

#include "core/result.h"
#include "platform/unique_fd.h"

#include <chrono>
#include <csignal>
#include <utility>

namespace paws::platform {

// From open() to the destructor SIGINT, SIGTERM and SIGHUP come out of wait(). One at a time, on
// the main thread of a program without others.
class EndSignal {
public:
    static Result<EndSignal> open();
    EndSignal(EndSignal&& other) noexcept;
    EndSignal& operator=(EndSignal&&) = delete;
    EndSignal(const EndSignal&) = delete;
    EndSignal& operator=(const EndSignal&) = delete;
    ~EndSignal();

    // False: a signal came, or nobody reads standard output any more.
    bool wait(std::chrono::milliseconds patience) const;

private:
    EndSignal(UniqueFd signals, const sigset_t& mask) : signals_{std::move(signals)}, mask_{mask} {}

    UniqueFd signals_;
    sigset_t mask_;
};

}  // namespace paws::platform
