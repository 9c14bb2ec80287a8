// Opening without symlinks: a path is walked component by component, each a real one. As openat2(2)
// with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS does, and also where seccomp filters refuse that
// call because they cannot see its flags (systemd.exec(5): RestrictSUIDSGID=).

#pragma once

#include "platform/unique_fd.h"

#include <string_view>

namespace paws::platform {

// `path` below the directory, "." is the directory itself; `flags` as of open(2), O_CLOEXEC is
// added. Without one errno tells why: ELOOP for a symlink on the way or, unless flags have both
// O_PATH and O_NOFOLLOW, at the end; EXDEV for a path that is absolute or goes up; ENAMETOOLONG
// for more than 256 components.
UniqueFd open_no_links(int directory, std::string_view path, int flags);

}  // namespace paws::platform
