// Gzip: a compressor that keeps its memory (a quarter of a megabyte) from one text to the next.
// For one thread at a time.

#pragma once

#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace paws::exporter {

class Gzip {
public:
    Gzip();

    std::string compress(std::string_view text);

private:
    struct End {
        void operator()(z_stream_s* stream) const noexcept;
    };
    std::unique_ptr<z_stream_s, End> stream_;
};

}  // namespace paws::exporter
