#include "platform/systemd_bus.h"

#include "platform/root_fs.h"
#include "platform/systemd_bus_call.h"
#include "platform/systemd_bus_values.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <systemd/sd-bus.h>

namespace paws::platform {

namespace {

constexpr std::size_t longest_list = 10'000;  // names; far beyond any host

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

}  // namespace paws::platform
