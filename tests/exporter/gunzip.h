// What a client does with Content-Encoding: gzip.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <zlib.h>

namespace paws::exporter::testing {

inline std::string gunzip(std::string_view packed) {
    z_stream stream{};
    if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) {
        throw std::runtime_error{"inflateInit2"};
    }
    std::string text(8U << 20U, '\0');
    std::string input{packed};
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    const int end = inflate(&stream, Z_FINISH);
    text.resize(text.size() - stream.avail_out);
    inflateEnd(&stream);
    if (end != Z_STREAM_END) {
        throw std::runtime_error{"not a whole gzip stream"};
    }
    return text;
}

}  // namespace paws::exporter::testing
