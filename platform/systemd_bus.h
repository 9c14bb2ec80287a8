// SystemdBus: systemd's manager over D-Bus (org.freedesktop.systemd1(5)): what it tells about
// units, which any user may ask, and the two verbs that polkit has to allow. A connection belongs
// to one thread; every call waits at most the connection's patience. After Errc::unavailable it is
// of no use: connect again.

#pragma once

#include "core/result.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sd_bus;
struct sd_bus_slot;

namespace paws::platform {

class SystemdBus {
public:
    using Properties = std::map<std::string, std::string, std::less<>>;

    struct LoadedUnit {
        std::string name;
        std::string load_state;
        std::string active_state;
        std::string sub_state;
    };
    struct UnitFile {
        std::string name;
        std::string state;  // enabled, disabled, masked, ...
    };
    struct Changes {
        std::set<std::string> units;  // what show() says of them may differ now
        bool loaded = false;          // units() may have more to tell: a unit was loaded
        bool reloaded = false;        // every unit and unit file may have changed
        std::map<std::string, std::string> ended_jobs;  // the result of each by its path; for run()
    };

    // An empty address is the system bus, wherever libsystemd finds it (DBUS_SYSTEM_BUS_ADDRESS).
    static Result<SystemdBus> connect(const std::string& address,
                                      std::chrono::milliseconds patience = std::chrono::seconds{1});

    // What matches one of the patterns (globs): units that systemd has loaded, whatever their
    // state, and unit files, which may never have been loaded or may be masked.
    Result<std::vector<LoadedUnit>> units(std::span<const std::string> patterns);
    Result<std::vector<UnitFile>> unit_files(std::span<const std::string> patterns);

    // The wanted properties of a service, in text: numbers in decimal, yes and no, bytes in hex,
    // of a command its "{ path=... ; }". A name that systemd does not know has LoadState=not-found.
    // systemd loads the unit for the answer and then forgets it again: changes() hears of that.
    Result<Properties> show(const std::string& unit, std::span<const std::string_view> wanted);

    // Queues the job and returns: what comes of it shows in the unit. Errc::denied: polkit refuses.
    Result<void> start(const std::string& unit);
    Result<void> stop(const std::string& unit);
    // Starts the unit and waits for the end of its job, of a oneshot service that of its program.
    // Errc::io with systemd's word for it ("failed", "timeout") when that did not go well.
    Result<void> run(const std::string& unit, std::chrono::milliseconds longest);

    // From now on changes() knows of reloads, and of units below `name_space` that are loaded
    // ("actions.runner": whose name begins with "actions.runner."; of none when empty).
    Result<void> subscribe(const std::string& name_space);
    // ... and of changes to this unit; repeated calls are free.
    Result<void> follow(const std::string& unit);
    void unfollow(const std::string& unit);

    int fd() const;             // readable: changes() may have something to tell
    Result<Changes> changes();  // never waits

private:
    struct Close {
        void operator()(sd_bus* bus) const noexcept;
    };
    struct Unref {
        void operator()(sd_bus_slot* slot) const noexcept;
    };
    using Slot = std::unique_ptr<sd_bus_slot, Unref>;
    enum class Signal { unit_changed, unit_loaded, reload, files_changed, job_ended };

    explicit SystemdBus(sd_bus* bus, std::chrono::milliseconds patience);

    Result<void> wait_until_ready();
    // The path of the job.
    Result<std::string> queue_job(const char* method, const std::string& unit);
    Result<std::string> end_of_job(const std::string& job, std::chrono::milliseconds longest);
    Result<Slot> match(Signal signal, const std::string& rule);
    using Row = std::vector<std::string>;
    Result<std::vector<Row>> list(const char* method,
                                  std::size_t columns,
                                  const char* rest,
                                  std::span<const std::string> patterns);
    Result<void> read_interface(const std::string& unit,
                                const char* interface,
                                std::span<const std::string_view> wanted,
                                Properties& into);

    std::unique_ptr<Changes> heard_;  // the matches write to it: it stays where it is
    std::unique_ptr<sd_bus, Close> bus_;
    std::chrono::milliseconds patience_;
    std::vector<Slot> manager_;
    std::map<std::string, std::vector<Slot>> followed_;
};

}  // namespace paws::platform
