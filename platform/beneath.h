// Beneath: a directory that code we do not trust may write to, and what lies in it.
// Nothing here follows a symlink, leaves the directory or waits for a FIFO's writer: a path either
// names a thing below the directory by its real components, or is an error.
// Blocks as long as the file system does. Safe for concurrent access.

#pragma once

#include "core/host_facts.h"
#include "core/result.h"
#include "core/time.h"
#include "platform/root_fs.h"
#include "platform/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::platform {

enum class FileKind { regular, directory, symlink, other };

// Equal statuses: the file was neither replaced nor written to in between.
struct FileStatus {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size_bytes = 0;
    WallTime modified;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0;  // the permission bits
    FileKind kind = FileKind::other;

    bool operator==(const FileStatus&) const = default;
};

// A regular file of such a directory, held open: whatever becomes of its name, it is that file.
class BeneathFile {
public:
    Result<FileStatus> status() const;
    // How many names it has: with more than one it may be a file of somebody else's as well.
    Result<std::uint64_t> links() const;
    // At most `limit` bytes from `offset` on: fewer, or none, at the end of the file.
    Result<std::string> read(std::uint64_t offset, std::size_t limit) const;

private:
    friend class Beneath;
    BeneathFile(std::string path, UniqueFd fd) : path_{std::move(path)}, fd_{std::move(fd)} {}

    std::string path_;
    UniqueFd fd_;
};

class Beneath {
public:
    // `path` itself is the operator's word (a unit's WorkingDirectory): symlinks in it are
    // followed.
    static Result<Beneath> open(const RootFs& root, std::string_view path);
    // A directory that is open already; `path` is how it is called in messages.
    static Beneath of(std::string path, std::shared_ptr<const UniqueFd> directory) {
        return Beneath{std::move(path), std::move(directory)};
    }

    // A directory in it, which may be a mount of its own, as a Beneath of its own.
    Result<Beneath> directory(std::string_view path) const;

    // The whole of a regular file; larger than `limit` or of another kind is Errc::malformed.
    Result<std::string> read(std::string_view path, std::size_t limit) const;
    // A file to read parts of; of another kind is Errc::malformed.
    Result<BeneathFile> open_file(std::string_view path) const;
    // The names in it, in no order; more than `limit` is Errc::malformed.
    Result<std::vector<std::string>> list(std::size_t limit) const;
    // Of the thing itself, also when it is a symlink. "." is the directory.
    Result<FileStatus> status(std::string_view path) const;
    // What a symlink says. It is text that anybody may have written, not a path to follow.
    Result<std::string> read_link(std::string_view path) const;
    // Puts a file of this text in the place of `name`, at once, with the owner and mode of what was
    // there; a new one belongs to the directory's owner. `name` has no slash in it.
    Result<void> replace(const std::string& name, std::string_view text) const;
    // For readdir(3); a directory on another mount is Errc::absent: it is not of this tree.
    Result<UniqueFd> open_directory(std::string_view path) const;
    // The same, of a path below a directory that was opened so: as deep as a path may not lead.
    Result<UniqueFd> open_directory(const UniqueFd& from, std::string_view path) const;

    const std::string& path() const { return path_; }
    // Of the filesystem that the directory is on.
    Result<FilesystemUsage> space() const;
    // Of the directory itself, with no symlink in it.
    Result<std::string> real_path() const;

private:
    Beneath(std::string path, UniqueFd fd)
        : Beneath{std::move(path), std::make_shared<const UniqueFd>(std::move(fd))} {}
    Beneath(std::string path, std::shared_ptr<const UniqueFd> fd)
        : path_{std::move(path)}, fd_{std::move(fd)} {}

    std::string subject(std::string_view path) const;

    std::string path_;
    std::shared_ptr<const UniqueFd> fd_;
};

}  // namespace paws::platform
