#include "core/text.h"
#include "exporter/negotiate.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;

// Two headers of a request: Accept on the first line, Accept-Encoding behind it.
bool fuzz::accepts(std::string_view input) {
    auto encoding = input;
    const auto accept = take_until(encoding, '\n');
    const auto got = exporter::negotiate(accept);
    const bool openmetrics = got.format == exporter::Format::openmetrics;
    require(got.content_type.starts_with(openmetrics ? "application/openmetrics-text;"
                                                     : "text/plain;"));
    return exporter::accepts_gzip(encoding) || openmetrics;
}
