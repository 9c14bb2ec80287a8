// RecordedHost: a host of tests/fixtures/hosts as the collectors see it, at the moment it was
// recorded. What no file can tell stands beside proc and sys, see the README there.

#pragma once

#include "collectors/all.h"
#include "core/snapshot.h"
#include "tests/support/temporary_directory.h"

#include <string>
#include <vector>

namespace paws::tests {

class RecordedHost {
public:
    // Copied, since some files are made and some times are set. Throws what is wrong with it.
    explicit RecordedHost(const std::string& name);

    const Now& now() const { return now_; }
    collectors::Options options() const;
    // One tick: what the units and the journal said, then every collector that reads files.
    Snapshot look() const;

private:
    std::string text(const std::string& file) const;  // empty when it is not there
    void make_files() const;
    void set_times() const;
    std::vector<Runner> runners() const;
    RunnerLog log(const std::string& unit) const;

    TemporaryDirectory copy_;
    Now now_;
};

}  // namespace paws::tests
