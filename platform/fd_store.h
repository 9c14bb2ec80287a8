// The file descriptor store of the service manager: what it keeps open for a service while that
// restarts (sd_notify(3), sd_listen_fds(3)). Nothing is kept where no manager listens.

#pragma once

#include "platform/unique_fd.h"

#include <string>
#include <vector>

namespace paws::platform {

struct KeptDescriptor {
    std::string name;
    UniqueFd descriptor;
};

// What was kept for us. Once, at the start, before any other thread.
std::vector<KeptDescriptor> kept_descriptors();

// A name is printable ASCII without a colon; several descriptors may have the same one. False when
// the manager did not take it.
bool keep_descriptor(const std::string& name, int descriptor);
bool forget_descriptors(const std::string& name);

}  // namespace paws::platform
