#include "platform/adjtimex.h"

#include "platform/root_fs.h"

#include <cerrno>

#include <sys/timex.h>

namespace paws::platform {

Result<ClockSync> clock_sync() {
    timex state{};
    if (::adjtimex(&state) < 0) {
        return system_error(errno, "adjtimex");
    }
    const auto status = static_cast<unsigned>(state.status);
    const double units_per_second = (status & unsigned{STA_NANO}) != 0 ? 1e9 : 1e6;
    return ClockSync{.synchronised = (status & unsigned{STA_UNSYNC}) == 0,
                     .offset_seconds = static_cast<double>(state.offset) / units_per_second};
}

}  // namespace paws::platform
