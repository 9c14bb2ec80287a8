#include "exporter/gzip.h"

#include <stdexcept>

#define ZLIB_CONST  // next_in is const
#include <zlib.h>

namespace paws::exporter {

namespace {

// Of 34 kB of metrics, level 1 leaves 5.3 kB in 80 us; level 6 leaves 4.5 kB in 630 us.
constexpr int level = 1;
constexpr int gzip_format = 16;  // added to the window's bits (zlib.h, deflateInit2)
constexpr int memory_level = 8;

}  // namespace

Gzip::Gzip() : stream_{new z_stream_s{}} {
    if (deflateInit2(stream_.get(),
                     level,
                     Z_DEFLATED,
                     MAX_WBITS + gzip_format,
                     memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc{};
    }
}

void Gzip::End::operator()(z_stream_s* stream) const noexcept {
    deflateEnd(stream);
    delete stream;
}

std::string Gzip::compress(std::string_view text) {
    auto& stream = *stream_;
    deflateReset(&stream);
    std::string packed(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<const Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        throw std::logic_error{"gzip: the output does not fit its bound"};
    }
    packed.resize(packed.size() - stream.avail_out);
    return packed;
}

}  // namespace paws::exporter
