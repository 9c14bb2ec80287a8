// Loki version: whether a Loki keeps structured metadata. One that is older drops it without a
// word. Pure.

#pragma once

#include <optional>
#include <string_view>

namespace paws::forwarder {

inline constexpr std::string_view build_info_path = "/loki/api/v1/status/buildinfo";

// The body of that page's answer: {"version":"2.9.1",...}. Nothing when it does not tell; versions
// that are no numbers are those of newer builds.
std::optional<bool> keeps_metadata(std::string_view build_info);

}  // namespace paws::forwarder
