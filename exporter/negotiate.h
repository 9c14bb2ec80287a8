// Negotiate: what a client accepts, by its request's headers (RFC 9110, sections 12.4 and 12.5).
// Pure; whatever it cannot read counts as not asked for.

#pragma once

#include "exporter/exposition.h"

#include <string_view>

namespace paws::exporter {

struct Negotiated {
    Format format = Format::text;
    std::string_view content_type;
};

// OpenMetrics for a client that names application/openmetrics-text in version 1.0.0 or 0.0.1 and
// wants nothing more than that; else text 0.0.4, which everyone understands.
Negotiated negotiate(std::string_view accept);

bool accepts_gzip(std::string_view accept_encoding);

}  // namespace paws::exporter
