#include "platform/systemd_bus.h"

#include "platform/root_fs.h"
#include "platform/systemd_bus_call.h"
#include "platform/systemd_bus_values.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <systemd/sd-bus.h>

namespace paws::platform {

namespace {

constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* unit_prefix = "/org/freedesktop/systemd1/unit";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
constexpr std::size_t longest_list = 10'000;  // names; far beyond any host

struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
};

int append_strings(sd_bus_message* message, std::span<const std::string> words) {
    if (const int opened = sd_bus_message_open_container(message, 'a', "s"); opened < 0) {
        return opened;
    }
    for (const auto& word : words) {
        if (const int appended = sd_bus_message_append_basic(message, 's', word.c_str());
            appended < 0) {
            return appended;
        }
    }
    return sd_bus_message_close_container(message);
}

std::string unit_path(const std::string& unit) {
    char* path = nullptr;
    if (sd_bus_path_encode(unit_prefix, unit.c_str(), &path) < 0) {
        return {};
    }
    return std::unique_ptr<char, Free>{path}.get();
}

int hear_unit(sd_bus_message* message, void* changes, sd_bus_error* /*error*/) {
    char* name = nullptr;
    if (sd_bus_path_decode(sd_bus_message_get_path(message), unit_prefix, &name) > 0) {
        static_cast<SystemdBus::Changes*>(changes)->units.insert(
            std::unique_ptr<char, Free>{name}.get());
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

int open(const std::string& address, std::chrono::milliseconds patience, sd_bus** bus) {
    if (address.empty()) {
        const int opened = sd_bus_open_system_with_description(bus, "paws-agent");
        return opened < 0 ? opened : sd_bus_set_method_call_timeout(*bus, microseconds(patience));
    }
    if (const int made = sd_bus_new(bus); made < 0) {
        return made;
    }
    int done = sd_bus_set_address(*bus, address.c_str());
    done = done < 0 ? done : sd_bus_set_bus_client(*bus, 1);
    done = done < 0 ? done : sd_bus_set_method_call_timeout(*bus, microseconds(patience));
    return done < 0 ? done : sd_bus_start(*bus);
}

}  // namespace

void SystemdBus::Close::operator()(sd_bus* bus) const noexcept {
    sd_bus_close_unref(bus);
}

void SystemdBus::Unref::operator()(sd_bus_slot* slot) const noexcept {
    sd_bus_slot_unref(slot);
}

SystemdBus::SystemdBus(sd_bus* bus, std::chrono::milliseconds patience)
    : heard_{std::make_unique<Changes>()}, bus_{bus}, patience_{patience} {}

Result<SystemdBus> SystemdBus::connect(const std::string& address,
                                       std::chrono::milliseconds patience) {
    sd_bus* raw = nullptr;
    const int opened = open(address, patience, &raw);
    SystemdBus bus{raw, patience};
    const auto ready = opened < 0 ? bus_error(opened, "connect") : bus.wait_until_ready();
    if (!ready) {
        const auto where = address.empty() ? "the system bus" : address;
        return Error{ready.error().code,
                     where + ": " + ready.error().what +
                         "; see `systemctl status dbus.socket dbus.service`"};
    }
    return bus;
}

// sd_bus_call() would connect by itself, but wait for a mute peer longer than our patience.
Result<void> SystemdBus::wait_until_ready() {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    for (;;) {
        const int processed = sd_bus_process(bus_.get(), nullptr);
        if (processed < 0) {
            return bus_error(processed, "connect");
        }
        const int ready = sd_bus_is_ready(bus_.get());
        if (ready != 0) {
            return ready < 0 ? Result<void>{bus_error(ready, "connect")} : Result<void>{};
        }
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds{0}) {
            return bus_error(-ETIMEDOUT, "connect");
        }
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left);
        if (processed == 0) {
            sd_bus_wait(bus_.get(), microseconds(wait));
        }
    }
}

// The first `columns` strings of each row of a manager's list; `rest` is what follows them.
Result<std::vector<SystemdBus::Row>> SystemdBus::list(const char* method,
                                                      std::size_t columns,
                                                      const char* rest,
                                                      std::span<const std::string> patterns) {
    auto request = new_call(bus_.get(), manager_path, manager_interface, method);
    if (!request) {
        return request.error();
    }
    int done = append_strings(request->get(), {});  // no filter by state
    done = done < 0 ? done : append_strings(request->get(), patterns);
    if (done < 0) {
        return bus_error(done, std::string{"systemd, "} + method);
    }
    auto reply = call(bus_.get(), request->get(), patience_);
    if (!reply) {
        return reply.error();
    }
    auto* const message = reply->get();
    const std::string row = std::string(columns, 's') + rest;
    std::vector<Row> rows;
    sd_bus_message_enter_container(message, 'a', ("(" + row + ")").c_str());
    while (rows.size() < longest_list &&
           sd_bus_message_enter_container(message, 'r', row.c_str()) > 0) {
        auto& words = rows.emplace_back(columns);
        for (auto& word : words) {
            const char* text = nullptr;
            if (sd_bus_message_read_basic(message, 's', &text) > 0) {
                word = text;
            }
        }
        sd_bus_message_skip(message, rest);
        sd_bus_message_exit_container(message);
    }
    return rows;
}

Result<std::vector<SystemdBus::LoadedUnit>> SystemdBus::units(
    std::span<const std::string> patterns) {
    // name, description, load state, active state, sub state, followed, path, job id, type, path
    auto rows = list("ListUnitsByPatterns", 5, "souso", patterns);
    if (!rows) {
        return rows.error();
    }
    std::vector<LoadedUnit> found;
    for (auto& row : *rows) {
        found.push_back({.name = std::move(row[0]),
                         .load_state = std::move(row[2]),
                         .active_state = std::move(row[3]),
                         .sub_state = std::move(row[4])});
    }
    return found;
}

Result<std::vector<SystemdBus::UnitFile>> SystemdBus::unit_files(
    std::span<const std::string> patterns) {
    auto rows = list("ListUnitFilesByPatterns", 2, "", patterns);
    if (!rows) {
        return rows.error();
    }
    std::vector<UnitFile> found;
    for (auto& row : *rows) {
        found.push_back({.name = row[0].substr(row[0].rfind('/') + 1), .state = std::move(row[1])});
    }
    return found;
}

Result<void> SystemdBus::read_interface(const std::string& unit,
                                        const char* interface,
                                        std::span<const std::string_view> wanted,
                                        Properties& into) {
    auto request =
        new_call(bus_.get(), unit_path(unit).c_str(), "org.freedesktop.DBus.Properties", "GetAll");
    if (!request) {
        return Error{request.error().code, unit + ": " + request.error().what};
    }
    sd_bus_message_append_basic(request->get(), 's', interface);
    auto reply = call(bus_.get(), request->get(), patience_);
    if (!reply) {
        return Error{reply.error().code, unit + ": " + reply.error().what};
    }
    auto* const message = reply->get();
    sd_bus_message_enter_container(message, 'a', "{sv}");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char* name = nullptr;
        sd_bus_message_read_basic(message, 's', &name);
        if (name != nullptr && std::ranges::find(wanted, name) != wanted.end()) {
            if (auto value = read_variant(message)) {
                into.try_emplace(name, *std::move(value));
            }
        } else {
            sd_bus_message_skip(message, "v");
        }
        sd_bus_message_exit_container(message);
    }
    return {};
}

Result<SystemdBus::Properties> SystemdBus::show(const std::string& unit,
                                                std::span<const std::string_view> wanted) {
    Properties properties;
    for (const auto* const interface :
         {"org.freedesktop.systemd1.Unit", "org.freedesktop.systemd1.Service"}) {
        if (const auto read = read_interface(unit, interface, wanted, properties); !read) {
            return read.error();
        }
    }
    return properties;
}

Result<std::string> SystemdBus::queue_job(const char* method, const std::string& unit) {
    auto request = new_call(bus_.get(), manager_path, manager_interface, method);
    if (!request) {
        return request.error();
    }
    sd_bus_message_append_basic(request->get(), 's', unit.c_str());
    sd_bus_message_append_basic(request->get(), 's', "replace");
    const auto reply = call(bus_.get(), request->get(), patience_);
    if (!reply) {
        return Error{reply.error().code, unit + ": " + reply.error().what};
    }
    const char* job = nullptr;
    sd_bus_message_read_basic(reply->get(), 'o', &job);
    return std::string{job == nullptr ? "" : job};
}

Result<void> SystemdBus::start(const std::string& unit) {
    const auto job = queue_job("StartUnit", unit);
    return job ? Result<void>{} : Result<void>{job.error()};
}

Result<void> SystemdBus::stop(const std::string& unit) {
    const auto job = queue_job("StopUnit", unit);
    return job ? Result<void>{} : Result<void>{job.error()};
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
