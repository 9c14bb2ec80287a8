// UnitsCollector: finds the runners of this host and says how systemd sees each of them.
// Sources: units named actions.runner.*.service in any state, and the runners that the
// configuration lists. What systemd said is kept and asked anew when a signal says that it changed.
// After 30 s without a signal it is asked anew too, a share at a time and between rounds, so that
// no scrape waits for it. Each call to the bus has a bound.

#pragma once

#include "collectors/all.h"
#include "collectors/units_properties.h"
#include "platform/systemd_bus.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paws::collectors {

inline constexpr std::size_t runner_limit = 256;

class UnitsCollector final : public Collector, public Watch {
public:
    explicit UnitsCollector(const Options& options);

    std::string_view name() const override { return "units"; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;
    std::optional<Error> shortfall() const override { return shortfall_; }
    Watch* watch() override { return this; }

    int fd() const override;
    bool stirred() override;
    void read_ahead(const Now& now) override;

private:
    struct Known {
        UnitProperties properties;
        bool stale = true;
        BootTime read;  // when it was last asked for
    };
    // How much of what we know has to be asked for again.
    enum class Doubt { none, loaded_units, everything };

    Result<void> look(const Now& now);
    Result<void> connect();
    Result<void> hear();
    Result<void> catch_up(const Now& now);
    Result<void> find(const Now& now);
    Result<void> find_files();
    void compare(const std::vector<platform::SystemdBus::LoadedUnit>& loaded);
    void doubt_all_units();
    void doubt_oldest(const Now& now);
    Result<void> read_stale(const Now& now);
    bool is_static(std::string_view unit) const;
    std::vector<std::string> patterns() const;
    std::vector<Runner> found_runners(const std::optional<Now>& asked) const;
    bool systemd_runs() const;

    platform::RootFs root_;
    bool discover_;
    std::vector<StaticRunner> static_runners_;
    std::optional<platform::SystemdBus> bus_;
    std::map<std::string, Known> units_;        // by unit name
    std::map<std::string, std::string> files_;  // unit file states, by unit name
    Doubt doubt_ = Doubt::everything;
    std::optional<BootTime> asked_;  // when the units were last listed
    std::optional<BootTime> ahead_;  // when it was last read ahead
    std::optional<Error> shortfall_;
};

}  // namespace paws::collectors
