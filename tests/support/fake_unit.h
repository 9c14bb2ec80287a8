// FakeUnit: a fake runner as systemd would run it: its root laid out by make_fake_runner, runsvc.sh
// started in a cgroup of its own, its output read by the test. All of it is gone at the end.

#pragma once

#include "platform/unique_fd.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace paws {

class FakeUnit {
public:
    // Whether this machine lets us make cgroups; tests that need them are skipped otherwise.
    static bool possible();

    explicit FakeUnit(const std::string& name);
    FakeUnit(const FakeUnit&) = delete;
    FakeUnit& operator=(const FakeUnit&) = delete;
    ~FakeUnit();

    // Runs `command` (runsvc.sh unless told) in the root and in the cgroup; the unit's MainPID.
    pid_t start(const std::vector<std::string>& command = {"./runsvc.sh"});
    // A line for <root>/.fake/control.
    void tell(std::string_view command) const;
    // Reads the unit's output until `text` has been in it; false after ten seconds without.
    bool prints(std::string_view text);
    // Waits until a process of the cgroup has this comm (present) or none has it any more.
    bool has(std::string_view comm, bool present = true) const;

    const std::filesystem::path& root() const { return root_; }
    const std::string& control_group() const { return control_group_; }
    std::filesystem::path cgroup_directory() const;
    std::vector<pid_t> pids() const;

private:
    TemporaryDirectory directory_;
    std::filesystem::path root_;
    std::string control_group_;
    platform::UniqueFd output_;
    std::string seen_;
    pid_t main_ = 0;
};

}  // namespace paws
