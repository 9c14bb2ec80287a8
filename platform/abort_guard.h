// AbortGuard: libsystemd takes for granted what a damaged journal file can break, and calls
// abort(3) then (a wrong length of a compressed field: assert() in decompress_blob_zstd()). A call
// into C that does so under the guard fails instead. Elsewhere abort(3) ends the process as ever.

#pragma once

#include <cerrno>
#include <csetjmp>

namespace paws::platform {

class AbortGuard {
public:
    // For the process. To be called before; again where others set handlers of their own.
    static void install();

    AbortGuard() = default;
    ~AbortGuard() { disarm(); }
    AbortGuard(const AbortGuard&) = delete;
    AbortGuard& operator=(const AbortGuard&) = delete;

    // For sigsetjmp(3), in the function that calls into C: what lies between is left as it is,
    // without destructors.
    sigjmp_buf way_out{};

    void arm() { current = &way_out; }
    static void disarm() { current = nullptr; }

private:
    static void leave(int signal);

    static inline thread_local constinit sigjmp_buf* current = nullptr;
};

// What `call` answers, or -EBADMSG if it aborted.
template <typename Call>
int unless_aborted(Call call) {
    AbortGuard guard;
    if (sigsetjmp(guard.way_out, 0) != 0) {
        return -EBADMSG;
    }
    guard.arm();
    return call();
}

}  // namespace paws::platform
