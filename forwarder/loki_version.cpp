#include "forwarder/loki_version.h"

#include "core/text.h"

#include <utility>

#include <boost/json/parse.hpp>

namespace paws::forwarder {

namespace {

constexpr std::pair first_with_metadata{2U, 9U};  // Loki 2.9: "structured metadata (experimental)"

}  // namespace

std::optional<bool> keeps_metadata(std::string_view build_info) {
    boost::system::error_code failed;
    const auto document = boost::json::parse({build_info.data(), build_info.size()}, failed);
    const auto* object = failed ? nullptr : document.if_object();
    const auto* version = object == nullptr ? nullptr : object->if_contains("version");
    if (version == nullptr || !version->is_string()) {
        return std::nullopt;
    }
    std::string_view rest{version->get_string().data(), version->get_string().size()};
    const auto major = parse_integer<unsigned>(take_until(rest, '.'));
    const auto minor = parse_integer<unsigned>(take_until(rest, '.'));
    return !major || !minor || std::pair{*major, *minor} >= first_with_metadata;
}

}  // namespace paws::forwarder
