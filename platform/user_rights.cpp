#include "platform/user_rights.h"

#include "platform/root_fs.h"

#include <array>
#include <cerrno>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace paws::platform {

Result<void> take_rights_of(const std::string& user) {
    std::array<char, 65536> text{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(user.c_str(), &entry, text.data(), text.size(), &found) != 0 ||
        found == nullptr) {
        return Error{Errc::absent, "there is no user " + user};
    }
    // The user last: afterwards nothing of this is allowed any more.
    if (::initgroups(user.c_str(), entry.pw_gid) != 0 ||
        ::setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid) != 0 ||
        ::setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid) != 0) {
        return system_error(errno, "the rights of user " + user);
    }
    return {};
}

}  // namespace paws::platform
