#include "platform/fd_store.h"

#include "platform/sd_notify.h"

#include <cstddef>
#include <cstdlib>
#include <memory>

#include <systemd/sd-daemon.h>

namespace paws::platform {

namespace {

struct FreeNames {
    void operator()(char** names) const noexcept {
        for (auto** name = names; *name != nullptr; ++name) {
            std::free(*name);
        }
        std::free(static_cast<void*>(names));
    }
};

}  // namespace

std::vector<KeptDescriptor> kept_descriptors() {
    char** raw = nullptr;
    const int count = ::sd_listen_fds_with_names(1, &raw);
    const std::unique_ptr<char*, FreeNames> names{raw};
    std::vector<KeptDescriptor> kept;
    for (int at = 0; at < count; ++at) {
        const std::string name = names ? names.get()[at] : "";
        kept.push_back({.name = name, .descriptor = UniqueFd{SD_LISTEN_FDS_START + at}});
    }
    return kept;
}

// Not to be polled: a directory cannot be.
bool keep_descriptor(const std::string& name, int descriptor) {
    return notify("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name, descriptor);
}

bool forget_descriptors(const std::string& name) {
    return notify("FDSTOREREMOVE=1\nFDNAME=" + name);
}

}  // namespace paws::platform
