// Unit label: the name of a unit as a label value. What systemd, container engines and templates
// number is told apart in the metadata of a line, not by streams without end. Pure.

#pragma once

#include <string>
#include <string_view>

namespace paws::forwarder {

// "session-12.scope" and "run-r8ad3….service" become "session-*.scope" and "run-*.service";
// others are themselves.
std::string unit_label(std::string_view unit);

}  // namespace paws::forwarder
