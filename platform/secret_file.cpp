#include "platform/secret_file.h"

#include "core/text.h"
#include "platform/denied.h"
#include "platform/root_fs.h"
#include "platform/unique_fd.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace paws::platform {

namespace {

constexpr mode_t too_open = S_IWGRP | S_IXGRP | S_IRWXO;

Error failure(int problem, const std::string& path) {
    auto error = system_error(problem, path);
    error.what += error.code == Errc::denied ? way_to_read(path) : "";
    return error;
}

Result<void> check_status(const struct stat& status, const std::string& path) {
    if (!S_ISREG(status.st_mode)) {
        return Error{Errc::malformed, path + ": is not a file"};
    }
    if ((status.st_mode & too_open) != 0) {
        return Error{Errc::denied,
                     path + ": others may read or change this secret; run: chmod 0640 " + path};
    }
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return Error{Errc::denied,
                     path + ": belongs to another user; run: chown root:paws-agent " + path};
    }
    const bool group_reads = (status.st_mode & unsigned{S_IRGRP}) != 0;
    if (group_reads && status.st_gid != 0 && status.st_gid != ::getegid()) {
        return Error{Errc::denied,
                     path + ": another group may read this secret; run: chgrp paws-agent " + path};
    }
    if (static_cast<std::size_t>(status.st_size) > secret_limit) {
        return Error{Errc::malformed, path + ": is too large for a secret"};
    }
    return {};
}

}  // namespace

Result<std::string> read_secrets(const std::string& path) {
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) {
        return failure(errno, path);
    }
    if (const auto good = check_status(status, path); !good) {
        return good.error();
    }
    std::string text(secret_limit + 1, '\0');
    std::size_t length = 0;
    for (ssize_t got = 1; got > 0 && length < text.size();) {
        got = ::read(file.get(), text.data() + length, text.size() - length);
        if (got < 0 && errno != EINTR) {
            return system_error(errno, path);
        }
        length += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    text.resize(length);
    if (length > secret_limit) {
        return Error{Errc::malformed, path + ": is too large for a secret"};
    }
    return text;
}

Result<std::string> read_secret(const std::string& path) {
    const auto text = read_secrets(path);
    if (!text) {
        return text.error();
    }
    const std::string secret{trim(*text)};
    return secret.empty() ? Result<std::string>{Error{Errc::malformed, path + ": is empty"}}
                          : secret;
}

}  // namespace paws::platform
