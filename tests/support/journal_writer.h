// JournalWriter: makes a real journal of entries whose every field is chosen, also those that only
// journald can set (systemd-journal-remote reads them in the Journal Export Format, systemd.io).

#pragma once

#include "core/time.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws {

class JournalWriter {
public:
    using Fields = std::map<std::string, std::string>;
    enum class Layout { compact, regular };

    explicit JournalWriter(std::filesystem::path directory, Layout layout = Layout::compact);

    void add(WallTime at, const Fields& fields);
    // What is added from now on is of another boot, which has just begun.
    void reboot();
    // Appends what was added to `name` in the directory; throws when that fails.
    void commit(const std::string& name = "system.journal");

    const std::filesystem::path& directory() const { return directory_; }

private:
    std::filesystem::path directory_;
    Layout layout_;
    std::string text_;
    char boot_ = '0';  // the first digit of its id
    std::chrono::microseconds monotonic_ = std::chrono::seconds{1};
    std::optional<std::chrono::microseconds> last_;  // since the epoch
};

// One start of a runner's unit, as journald would note what its processes print.
class RunnerJournal {
public:
    RunnerJournal(JournalWriter& writer, std::string unit, std::string invocation)
        : writer_{writer}, unit_{std::move(unit)}, invocation_{std::move(invocation)} {}

    // What differs from a stdout line of the wrapper can be given: it replaces or, empty, removes.
    void say(WallTime at, std::string_view line, const JournalWriter::Fields& other = {});
    void shell(WallTime at, std::string_view line) { say(at, line, {{"_PID", "1200"}}); }

private:
    JournalWriter& writer_;
    std::string unit_;
    std::string invocation_;
};

}  // namespace paws
