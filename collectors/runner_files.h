// Runner files: what a runner's root directory says of it: `.runner`, the proxy in `.env`, the
// version behind the `bin` symlink. Never opens `.credentials*`. Where `.runner` is closed to the
// agent, what an inspection found there serves.
// May block as long as the file system does, so it lives on the probe "files". A file is read again
// only when its inode, size or time changed.

#pragma once

#include "collectors/collector.h"
#include "core/runner_facts.h"
#include "platform/beneath.h"
#include "platform/runner_directories.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace paws::collectors {

class RunnerFilesCollector final : public Collector {
public:
    explicit RunnerFilesCollector(platform::RunnerDirectories directories)
        : directories_{std::move(directories)} {}
    std::string_view name() const override { return "runner_files"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    // What was read last, and of which file.
    template <class T>
    struct Cached {
        std::optional<platform::FileStatus> of;
        T value{};
        bool closed = false;  // it may not be read
    };
    using Settings = std::optional<RunnerSettings>;
    // What the next start would meet.
    struct Outlook {
        std::optional<BootTime> taken;
        std::string start_fault;
        std::optional<std::uint64_t> diag_pages;
    };
    struct Known {
        std::string root;
        Cached<Settings> settings;
        Cached<std::string> proxy;
        Outlook outlook;
    };

    struct Found {
        RunnerFiles files;
        Sourced<Inspection> inspection;
    };

    Found find(const Runner& runner, const Now& now);
    bool is_closed(const Runner& runner) const;
    RunnerFiles look(const Runner& runner, Known& known, const Now& now) const;
    // Empty, or what the operator should know.
    static std::string look_at_settings(const platform::Beneath& root, Cached<Settings>& cached);
    static bool look_at_settings(const platform::Beneath& root,
                                 const std::string& name,
                                 Cached<Settings>& cached,
                                 std::string& error);
    static void look_at_environment(const platform::Beneath& root, Cached<std::string>& cached);
    static void look_ahead(const platform::Beneath& root, Outlook& outlook, const Now& now);
    static void look_at_version(const platform::Beneath& root, RunnerFiles& files);

    platform::RunnerDirectories directories_;
    std::map<std::string, Known> known_;  // by the runner's name
};

}  // namespace paws::collectors
