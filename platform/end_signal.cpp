#include "platform/end_signal.h"

#include "platform/root_fs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include <poll.h>
#include <sys/signalfd.h>

namespace paws::platform {

namespace {

sigset_t ending() {
    sigset_t set{};
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        sigaddset(&set, number);
    }
    return set;
}

}  // namespace

Result<EndSignal> EndSignal::open() {
    const auto watched = ending();
    sigset_t mask{};
    ::pthread_sigmask(SIG_BLOCK, &watched, &mask);
    UniqueFd signals{::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals) {
        const auto reason = errno;
        ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
        return system_error(reason, "signalfd");
    }
    return EndSignal{std::move(signals), mask};
}

EndSignal::EndSignal(EndSignal&& other) noexcept
    : signals_{std::move(other.signals_)}, mask_{other.mask_} {}

EndSignal::~EndSignal() {
    if (signals_) {
        // A signal that came meanwhile has been answered: the program ends anyway.
        const timespec none{};
        const auto watched = ending();
        while (::sigtimedwait(&watched, nullptr, &none) > 0) {
        }
        ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }
}

bool EndSignal::wait(std::chrono::milliseconds patience) const {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        // Of a pipe without a reader poll(2) tells POLLERR, whatever is asked for.
        std::array<pollfd, 2> sources{pollfd{signals_.get(), POLLIN, 0},
                                      pollfd{STDOUT_FILENO, 0, 0}};
        const auto timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
        ::poll(sources.data(), sources.size(), timeout);
        if (sources[0].revents != 0 || sources[1].revents != 0) {
            return false;
        }
        if (left.count() <= 0) {
            return true;
        }
    }
}

}  // namespace paws::platform
