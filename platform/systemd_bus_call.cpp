#include "platform/systemd_bus_call.h"

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace paws::platform {

namespace {

class CallError {
public:
    CallError() = default;
    CallError(const CallError&) = delete;
    CallError& operator=(const CallError&) = delete;
    ~CallError() { sd_bus_error_free(&error_); }
    sd_bus_error* operator&() { return &error_; }
    std::string_view name() const { return error_.name == nullptr ? "" : error_.name; }
    std::string message() const { return error_.message == nullptr ? "" : error_.message; }

private:
    sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
};

constexpr const char* unit_prefix = "/org/freedesktop/systemd1/unit";

Error call_error(int result, const CallError& error, const std::string& subject) {
    if (error.name().empty()) {
        return bus_error(result, subject);
    }
    const auto text = subject + ": " + error.message();
    if (error.name() == SD_BUS_ERROR_ACCESS_DENIED ||
        error.name() == SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED) {
        return {Errc::denied, text};
    }
    if (error.name() == SD_BUS_ERROR_NO_REPLY || error.name() == SD_BUS_ERROR_TIMEOUT) {
        return {Errc::timeout, text};
    }
    if (error.name() == SD_BUS_ERROR_SERVICE_UNKNOWN ||
        error.name() == SD_BUS_ERROR_NAME_HAS_NO_OWNER) {
        return {Errc::unavailable, text + "; is systemd running on this host?"};
    }
    return {Errc::io, text};
}

}  // namespace

std::string unit_path(const std::string& unit) {
    char* path = nullptr;
    if (sd_bus_path_encode(unit_prefix, unit.c_str(), &path) < 0) {
        return {};
    }
    return std::unique_ptr<char, Free>{path}.get();
}

std::string unit_of_path(const char* path) {
    char* name = nullptr;
    if (sd_bus_path_decode(path, unit_prefix, &name) <= 0) {
        return {};
    }
    return std::unique_ptr<char, Free>{name}.get();
}

std::uint64_t microseconds(std::chrono::milliseconds span) {
    return static_cast<std::uint64_t>(std::chrono::microseconds{span}.count());
}

Error bus_error(int result, const std::string& subject) {
    const auto number = -result;
    const auto text = subject + ": " + std::generic_category().message(number);
    switch (number) {
        case ETIMEDOUT:
            return {Errc::timeout, text};
        case EACCES:
        case EPERM:
            return {Errc::denied, text};
        default:
            return {Errc::unavailable, text};
    }
}

Result<Message> call(sd_bus* bus, sd_bus_message* request, std::chrono::milliseconds patience) {
    const auto subject = std::string{"systemd, "} + sd_bus_message_get_member(request);
    CallError error;
    sd_bus_message* reply = nullptr;
    const int done = sd_bus_call(bus, request, microseconds(patience), &error, &reply);
    if (done < 0) {
        return call_error(done, error, subject);
    }
    return Message{reply};
}

Result<Message> new_call(sd_bus* bus, const char* path, const char* interface, const char* member) {
    sd_bus_message* request = nullptr;
    const int made =
        sd_bus_message_new_method_call(bus, &request, systemd_name, path, interface, member);
    if (made < 0) {
        return bus_error(made, std::string{"systemd, "} + member);
    }
    return Message{request};
}

}  // namespace paws::platform
