#include "platform/bus_guard.h"

#include <csignal>
#include <cstdint>

#include <sys/mman.h>
#include <unistd.h>

namespace paws::platform {

namespace {

// Read by the handler on the thread that it interrupts.
thread_local volatile unsigned guards = 0;
thread_local volatile unsigned hits = 0;
std::uintptr_t page_bytes = 0;

// Only calls that are safe here (signal-safety(7)); mmap(2) is a plain system call.
void give_zeros(int signal, siginfo_t* info, void* /*context*/) {
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const auto page = address & ~(page_bytes - 1);
    const bool ours = guards > 0 && info->si_code == BUS_ADRERR;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the page that the address is in
    if (ours && ::mmap(reinterpret_cast<void*>(page),
                       page_bytes,
                       PROT_READ,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                       -1,
                       0) != MAP_FAILED) {
        hits = hits + 1;
        return;
    }
    struct sigaction as_ever {};
    as_ever.sa_handler = SIG_DFL;
    ::sigaction(signal, &as_ever, nullptr);  // the access is repeated, and ends the process
}

bool install() {
    page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = give_zeros;
    action.sa_flags = SA_SIGINFO;
    return ::sigaction(SIGBUS, &action, nullptr) == 0;
}

}  // namespace

BusGuard::BusGuard() : hits_before_{hits} {
    static const bool installed = install();
    static_cast<void>(installed);
    guards = guards + 1;
}

BusGuard::~BusGuard() {
    guards = guards - 1;
}

bool BusGuard::hit() const {
    return hits != hits_before_;
}

}  // namespace paws::platform
