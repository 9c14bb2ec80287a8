#include "platform/directory.h"

#include "platform/denied.h"
#include "platform/root_fs.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace paws::platform {

namespace {

constexpr mode_t parent_mode = 0755;

std::string for_our_user(const std::string& command, const std::string& path) {
    return "; run: " + command + " " + user_name() + " " + path;
}

Error cannot(const std::string& what, int problem, const std::string& path) {
    auto text = what + system_error(problem, path).what;
    if (problem == EROFS) {  // as a rule by the unit's ProtectSystem=strict
        text += "; in the agent's unit ReadWritePaths=" + path +
                " opens one that is there (systemctl edit paws-agent)";
    } else if (problem == EACCES) {
        text += for_our_user("install -d -o", path);
    }
    return {Errc::denied, text};
}

// 0, or the errno of the first part that cannot be made.
int make_with_parents(const std::string& path, mode_t mode) {
    for (auto slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        if (::mkdir(path.substr(0, slash).c_str(), parent_mode) != 0 && errno != EEXIST) {
            return errno;
        }
    }
    if (::mkdir(path.c_str(), mode) != 0) {
        return errno == EEXIST ? 0 : errno;
    }
    return ::chmod(path.c_str(), mode) == 0 ? 0 : errno;  // whatever the umask
}

}  // namespace

Result<void> ensure_directory(const std::string& path, mode_t mode) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        if (const int problem = make_with_parents(path, mode); problem != 0) {
            return cannot("cannot create ", problem, path);
        }
        return {};
    }
    if (!S_ISDIR(found.st_mode)) {
        return Error{Errc::io, path + ": is not a directory"};
    }
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return Error{Errc::denied, path + ": others may write to it; run: chmod go-w " + path};
    }
    if (::access(path.c_str(), W_OK | X_OK) != 0) {
        return errno == EROFS
                   ? cannot("cannot write to ", EROFS, path)
                   : Error{Errc::denied,
                           path + ": this user may not write to it" + for_our_user("chown", path)};
    }
    return {};
}

std::optional<std::uint32_t> owner_of(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 ? std::optional{found.st_uid} : std::nullopt;
}

}  // namespace paws::platform
