// What SystemdBus hears: signals of the manager and of its units, and the ends of jobs it waits
// for.

#include "platform/systemd_bus.h"
#include "platform/systemd_bus_call.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include <systemd/sd-bus.h>

namespace paws::platform {

namespace {

int hear_unit(sd_bus_message* message, void* changes, sd_bus_error* /*error*/) {
    if (auto unit = unit_of_path(sd_bus_message_get_path(message)); !unit.empty()) {
        static_cast<SystemdBus::Changes*>(changes)->units.insert(std::move(unit));
    }
    return 0;
}

int hear_load(sd_bus_message* /*message*/, void* changes, sd_bus_error* /*error*/) {
    static_cast<SystemdBus::Changes*>(changes)->loaded = true;
    return 0;
}

int hear_files(sd_bus_message* /*message*/, void* changes, sd_bus_error* /*error*/) {
    static_cast<SystemdBus::Changes*>(changes)->reloaded = true;
    return 0;
}

// Said twice, with true when a reload begins and false when it is over.
int hear_reload(sd_bus_message* message, void* changes, sd_bus_error* /*error*/) {
    int active = 0;
    if (sd_bus_message_read_basic(message, 'b', &active) > 0 && active == 0) {
        static_cast<SystemdBus::Changes*>(changes)->reloaded = true;
    }
    return 0;
}

int hear_job(sd_bus_message* message, void* changes, sd_bus_error* /*error*/) {
    std::uint32_t id = 0;
    const char* job = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) > 0) {
        static_cast<SystemdBus::Changes*>(changes)->ended_jobs[job] = result;
    }
    return 0;
}

std::string signal_rule(const std::string& rest) {
    return std::string{"type='signal',sender='"} + systemd_name + "'," + rest;
}

std::string manager_rule(const std::string& rest) {
    return signal_rule(std::string{"path='"} + manager_path + "',interface='" + manager_interface +
                       "'," + rest);
}

}  // namespace

void SystemdBus::Unref::operator()(sd_bus_slot* slot) const noexcept {
    sd_bus_slot_unref(slot);
}

Result<SystemdBus::Slot> SystemdBus::match(Signal signal, const std::string& rule) {
    static constexpr std::array handlers{hear_unit, hear_load, hear_reload, hear_files, hear_job};
    sd_bus_slot* slot = nullptr;
    const int added = sd_bus_add_match(bus_.get(),
                                       &slot,
                                       rule.c_str(),
                                       handlers.at(static_cast<std::size_t>(signal)),
                                       heard_.get());
    if (added < 0) {
        return bus_error(added, "system bus, AddMatch " + rule);
    }
    return Slot{slot};
}

Result<std::string> SystemdBus::end_of_job(const std::string& job,
                                           std::chrono::milliseconds longest) {
    const auto deadline = std::chrono::steady_clock::now() + longest;
    for (;;) {
        const int processed = sd_bus_process(bus_.get(), nullptr);
        if (processed < 0) {
            return bus_error(processed, "the system bus");
        }
        if (const auto ended = heard_->ended_jobs.find(job); ended != heard_->ended_jobs.end()) {
            return ended->second;
        }
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds{0}) {
            return bus_error(-ETIMEDOUT, "its job");
        }
        if (processed == 0) {
            sd_bus_wait(bus_.get(),
                        microseconds(std::chrono::ceil<std::chrono::milliseconds>(left)));
        }
    }
}

Result<void> SystemdBus::run(const std::string& unit, std::chrono::milliseconds longest) {
    if (auto subscribed = subscribe(""); !subscribed) {
        return subscribed;
    }
    // Heard from before the start: a job may have ended when its path is answered.
    const auto slot = match(Signal::job_ended, manager_rule("member='JobRemoved'"));
    if (!slot) {
        return slot.error();
    }
    const auto job = queue_job("StartUnit", unit);
    if (!job) {
        return job.error();
    }
    const auto result = end_of_job(*job, longest);
    heard_->ended_jobs.clear();
    if (!result) {
        return Error{result.error().code, unit + ": " + result.error().what};
    }
    return *result == "done"
               ? Result<void>{}
               : Result<void>{
                     Error{Errc::io, unit + ": " + *result + "; see journalctl -u '" + unit + "'"}};
}

Result<void> SystemdBus::subscribe(const std::string& name_space) {
    std::vector<std::pair<Signal, std::string>> rules{
        {Signal::reload, manager_rule("member='Reloading'")},
        {Signal::files_changed, manager_rule("member='UnitFilesChanged'")}};
    if (!name_space.empty()) {
        rules.emplace_back(Signal::unit_loaded,
                           manager_rule("member='UnitNew',arg0namespace='" + name_space + "'"));
    }
    manager_.clear();
    for (const auto& [signal, rule] : rules) {
        auto slot = match(signal, rule);
        if (!slot) {
            return slot.error();
        }
        manager_.push_back(std::move(*slot));
    }
    // Without a subscriber the manager sends no signals about units.
    const auto request = new_call(bus_.get(), manager_path, manager_interface, "Subscribe");
    if (!request) {
        return request.error();
    }
    const auto reply = call(bus_.get(), request->get(), patience_);
    return reply ? Result<void>{} : Result<void>{reply.error()};
}

Result<void> SystemdBus::follow(const std::string& unit) {
    if (followed_.contains(unit)) {
        return {};
    }
    // A unit that was not loaded tells of its start by UnitNew alone.
    const auto changed = "path='" + unit_path(unit) +
                         "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'";
    auto& slots = followed_[unit];
    for (const auto& [signal, rule] :
         {std::pair{Signal::unit_changed, signal_rule(changed)},
          std::pair{Signal::unit_loaded, manager_rule("member='UnitNew',arg0='" + unit + "'")}}) {
        auto slot = match(signal, rule);
        if (!slot) {
            followed_.erase(unit);
            return slot.error();
        }
        slots.push_back(std::move(*slot));
    }
    return {};
}

void SystemdBus::unfollow(const std::string& unit) {
    followed_.erase(unit);
}

int SystemdBus::fd() const {
    return std::max(sd_bus_get_fd(bus_.get()), -1);
}

Result<SystemdBus::Changes> SystemdBus::changes() {
    static constexpr int most_messages = 10'000;
    for (int count = 0; count < most_messages; ++count) {
        const int processed = sd_bus_process(bus_.get(), nullptr);
        if (processed < 0) {
            return bus_error(processed, "the system bus");
        }
        if (processed == 0) {
            break;
        }
    }
    return std::exchange(*heard_, {});
}

}  // namespace paws::platform
