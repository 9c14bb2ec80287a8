#include "platform/denied.h"

#include <array>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace paws::platform {

namespace {

bool is_directory(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

// What closes the way; the path itself when no directory above it does.
std::string closed_part(const std::string& path) {
    for (auto slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        auto directory = path.substr(0, slash);
        if (::access(directory.c_str(), X_OK) != 0) {
            return directory;
        }
    }
    return path;
}

}  // namespace

std::string user_name() {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> buffer{};
    const auto uid = ::geteuid();
    ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::to_string(uid) : std::string{entry.pw_name};
}

std::string way_to_read(const std::string& path) {
    const auto closed = closed_part(path);
    const auto* const mode = closed != path ? "g+x " : is_directory(path) ? "g+rx " : "0640 ";
    return "; the daemon's user must be able to read it; run: chgrp paws-agent " + closed +
           " && chmod " + mode + closed;
}

}  // namespace paws::platform
