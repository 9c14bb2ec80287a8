// BusGuard: keeps this thread alive when a file that it reads by mmap(2) turns out shorter than it
// was mapped. Where the file no longer is, zeros are read (like systemd's own programs do it, which
// libsystemd leaves to whoever uses it). Only within the guard's life; elsewhere SIGBUS ends the
// process as ever.

#pragma once

namespace paws::platform {

class BusGuard {
public:
    BusGuard();
    ~BusGuard();
    BusGuard(const BusGuard&) = delete;
    BusGuard& operator=(const BusGuard&) = delete;

    // Whether zeros were read in place of something since it was made.
    bool hit() const;

private:
    unsigned hits_before_;
};

}  // namespace paws::platform
