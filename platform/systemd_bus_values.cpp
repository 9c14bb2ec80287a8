#include "platform/systemd_bus_values.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <systemd/sd-bus.h>

namespace paws::platform {

namespace {

template <class Value>
std::optional<Value> basic(sd_bus_message* message, char type) {
    Value value{};
    return sd_bus_message_read_basic(message, type, &value) > 0 ? std::optional{value}
                                                                : std::nullopt;
}

template <class Number>
std::optional<std::string> number(sd_bus_message* message, char type) {
    const auto value = basic<Number>(message, type);
    return value ? std::optional{std::to_string(*value)} : std::nullopt;
}

std::optional<std::string> word(sd_bus_message* message, char type) {
    const auto value = basic<const char*>(message, type);
    return value && *value != nullptr ? std::optional<std::string>{*value} : std::nullopt;
}

std::optional<std::string> hex(sd_bus_message* message) {
    static constexpr std::string_view digits = "0123456789abcdef";
    const void* data = nullptr;
    std::size_t size = 0;
    if (sd_bus_message_read_array(message, 'y', &data, &size) < 0) {
        return std::nullopt;
    }
    std::string text;
    for (const auto byte : std::string_view{static_cast<const char*>(data), size}) {
        const auto value = static_cast<unsigned char>(byte);
        text += digits[value >> 4U];
        text += digits[value & 15U];
    }
    return text;
}

// The first of a list of commands, as systemctl shows it.
std::optional<std::string> command(sd_bus_message* message) {
    if (sd_bus_message_enter_container(message, 'a', "(sasbttttuii)") <= 0) {
        return std::nullopt;
    }
    std::string text;
    while (sd_bus_message_enter_container(message, 'r', "sasbttttuii") > 0) {
        const auto path = word(message, 's');
        if (path && text.empty()) {
            text = "{ path=" + *path + " ; }";
        }
        sd_bus_message_skip(message, "asbttttuii");
        sd_bus_message_exit_container(message);
    }
    sd_bus_message_exit_container(message);
    return text;
}

std::optional<std::string> read_value(sd_bus_message* message, std::string_view type) {
    if (type == "s" || type == "o" || type == "g") {
        return word(message, type.front());
    }
    if (type == "b") {
        const auto value = basic<int>(message, 'b');
        return value ? std::optional<std::string>{*value != 0 ? "yes" : "no"} : std::nullopt;
    }
    if (type == "u") {
        return number<std::uint32_t>(message, 'u');
    }
    if (type == "i") {
        return number<std::int32_t>(message, 'i');
    }
    if (type == "t") {
        return number<std::uint64_t>(message, 't');
    }
    if (type == "x") {
        return number<std::int64_t>(message, 'x');
    }
    if (type == "ay") {
        return hex(message);
    }
    if (type == "a(sasbttttuii)") {
        return command(message);
    }
    sd_bus_message_skip(message, std::string{type}.c_str());
    return std::nullopt;
}

}  // namespace

std::optional<std::string> read_variant(sd_bus_message* message) {
    const char* type = nullptr;
    if (sd_bus_message_peek_type(message, nullptr, &type) <= 0 || type == nullptr) {
        return std::nullopt;
    }
    const std::string contents{type};
    if (sd_bus_message_enter_container(message, 'v', contents.c_str()) <= 0) {
        return std::nullopt;
    }
    auto value = read_value(message, contents);
    sd_bus_message_exit_container(message);
    return value;
}

}  // namespace paws::platform
