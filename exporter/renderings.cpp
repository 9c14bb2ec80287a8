#include "exporter/renderings.h"

namespace paws::exporter {

Renderings::Rendering Renderings::of(const Moment& moment,
                                     Format format,
                                     Encoding encoding,
                                     const Render& render) {
    auto& forms = forms_.at(static_cast<std::size_t>(format));
    auto& kept = encoding == Encoding::gzip ? forms.packed : forms.plain;
    const std::lock_guard lock{kept.mutex};
    if (kept.moment == moment) {
        return kept.rendering;
    }
    if (encoding == Encoding::gzip) {
        const auto plain = of(moment, format, Encoding::identity, render);
        const std::lock_guard gzip_lock{gzip_mutex_};
        kept.rendering = std::make_shared<const std::string>(gzip_.compress(*plain));
    } else {
        kept.rendering = std::make_shared<const std::string>(render(format));
    }
    kept.moment = moment;
    return kept.rendering;
}

}  // namespace paws::exporter
