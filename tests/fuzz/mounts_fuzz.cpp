#include "collectors/mounts.h"
#include "tests/fuzz/fuzz.h"

bool paws::fuzz::accepts(std::string_view input) {
    const auto mounts = collectors::parse_mounts(input);
    if (!mounts) {
        return false;
    }
    const auto reachable = collectors::on_top(*mounts);
    require(reachable.size() <= mounts->size());
    for (const auto& mount : reachable) {
        require(mount.mountpoint.starts_with('/'));
        require(!collectors::is_private_fuse(mount) || collectors::is_remote(mount.fstype));
    }
    return true;
}
