// HTTP client: one request to one server over a connection of its own (platform/http_connection.h
// keeps one), with one deadline for all of it but the name. A failure names the stage that it came
// to.
// Blocks until the answer is whole or a stage fails. The system's resolver keeps its own time, and
// the patience counts from its answer: ask on a thread that may be left behind
// (platform/straggler.h). Follows no redirect. Nothing that it says holds a header or a body that
// was sent: those are secrets.

#pragma once

#include "platform/http_result.h"

namespace paws::platform {

HttpResult exchange(const HttpRequest& request, const HttpOptions& options);

}  // namespace paws::platform
