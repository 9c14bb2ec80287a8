// docs/metrics.md, made from the schema. Pure.

#pragma once

#include <string>

namespace paws::exporter {

std::string metrics_doc();

}  // namespace paws::exporter
