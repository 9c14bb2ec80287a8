#include "platform/abort_guard.h"

#include <csignal>

namespace paws::platform {

// abort(3) holds no lock when it raises the signal, and a handler that does not return prevails.
void AbortGuard::leave(int /*signal*/) {
    if (current != nullptr) {
        siglongjmp(*current, 1);
    }
}

void AbortGuard::install() {
    struct sigaction action {};
    action.sa_handler = leave;
    action.sa_flags = SA_NODEFER;  // it does not return
    ::sigaction(SIGABRT, &action, nullptr);
}

}  // namespace paws::platform
