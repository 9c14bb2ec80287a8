// Renderings: the metrics of a snapshot, rendered once for each form however many ask for it.
// Safe for concurrent use: who comes while it is being made waits for it.

#pragma once

#include "exporter/exposition.h"
#include "exporter/gzip.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace paws::exporter {

enum class Encoding { identity, gzip };

class Renderings {
public:
    // What a rendering shows; an outdated snapshot reads differently (see View).
    struct Moment {
        std::uint64_t sequence = 0;
        bool outdated = false;

        bool operator==(const Moment&) const = default;
    };
    using Rendering = std::shared_ptr<const std::string>;
    using Render = std::function<std::string(Format)>;

    // `render` is called when this form of this moment is not there yet.
    Rendering of(const Moment& moment, Format format, Encoding encoding, const Render& render);

private:
    struct Kept {
        std::mutex mutex;
        std::optional<Moment> moment;
        Rendering rendering;
    };
    struct Forms {
        Kept plain;
        Kept packed;
    };

    std::array<Forms, 2> forms_;  // by Format
    Gzip gzip_;
    std::mutex gzip_mutex_;
};

}  // namespace paws::exporter
