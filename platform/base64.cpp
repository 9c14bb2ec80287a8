#include "platform/base64.h"

#include <cstdint>

namespace paws::platform {

namespace {

std::string encoded(std::string_view bytes, std::string_view letters) {
    std::string text;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char byte : bytes) {
        bits = (bits << 8U) | static_cast<unsigned char>(byte);
        for (held += 8; held >= 6; held -= 6) {
            text += letters[(bits >> (held - 6)) & 0x3FU];
        }
    }
    if (held > 0) {
        text += letters[(bits << (6 - held)) & 0x3FU];
    }
    return text;
}

}  // namespace

std::string base64(std::string_view bytes) {
    auto text = encoded(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::string base64url(std::string_view bytes) {
    return encoded(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

}  // namespace paws::platform
