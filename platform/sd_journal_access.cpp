#include "platform/sd_journal_access.h"

#include "platform/denied.h"
#include "platform/unique_fd.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <endian.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace paws::platform {

namespace {

namespace fs = std::filesystem;

struct Access {
    std::size_t files = 0;
    std::string denied;  // the first that matters
};

bool is_denied(const std::error_code& error) {
    return error == std::errc::permission_denied || error == std::errc::operation_not_permitted;
}

// Entries of services are in system.journal, or in user-UID.journal for a service of a login user.
// Readable by the group they are all alike; that of our own user alone is not enough.
void count_files(const fs::path& directory, Access& access) {
    std::error_code error;
    for (fs::directory_iterator entry{directory, error}, end; !error && entry != end;
         entry.increment(error)) {
        const auto& path = entry->path();
        const auto name = path.filename().string();
        if (path.extension() != ".journal") {
            continue;
        }
        ++access.files;
        const bool readable = ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
        if (!readable && name == "system.journal" && access.denied.empty()) {
            access.denied = path;
        }
    }
    if (is_denied(error)) {
        access.denied = directory;
    }
}

bool is_of(const std::string& machine, const std::string& name_space) {
    return name_space.empty() ? machine.find('.') == std::string::npos
                              : machine.ends_with("." + name_space);
}

std::vector<fs::path> tops_of(const JournalPlace& place) {
    return place.directory.empty() ? std::vector<fs::path>{fs::path{place.root} / "var/log/journal",
                                                           fs::path{place.root} / "run/log/journal"}
                                   : std::vector<fs::path>{place.directory};
}

// Each with those of its machines that are of the namespace.
std::vector<fs::path> directories_of(const JournalPlace& place) {
    std::vector<fs::path> directories;
    for (const auto& top : tops_of(place)) {
        std::error_code error;
        directories.push_back(top);
        for (fs::directory_iterator entry{top, error}, end; !error && entry != end;
             entry.increment(error)) {
            std::error_code ignored;
            if (entry->is_directory(ignored) && is_of(entry->path().filename(), place.name_space)) {
                directories.push_back(entry->path());
            }
        }
    }
    return directories;
}

struct Listing {
    std::vector<fs::directory_entry> files;
    bool is_whole = true;
};

Listing list_files(const JournalPlace& place) {
    Listing listing;
    for (const auto& directory : directories_of(place)) {
        std::error_code error;
        for (fs::directory_iterator entry{directory, error}, end; !error && entry != end;
             entry.increment(error)) {
            if (entry->path().extension().string().starts_with(".journal")) {  // or ".journal~"
                listing.files.push_back(*entry);
            }
        }
        listing.is_whole &= !error || error == std::errc::no_such_file_or_directory;
    }
    return listing;
}

// Nothing when it is not there.
std::optional<JournalInode> inode_of(const fs::path& path, mode_t kind) {
    struct statx found {};
    constexpr unsigned wanted = STATX_TYPE | STATX_INO | STATX_BTIME;
    if (::statx(AT_FDCWD, path.c_str(), 0, wanted, &found) != 0 ||
        (found.stx_mode & S_IFMT) != kind) {
        return std::nullopt;
    }
    return JournalInode{.device = ::makedev(found.stx_dev_major, found.stx_dev_minor),
                        .inode = found.stx_ino,
                        .born = found.stx_btime.tv_sec * 1'000'000'000 + found.stx_btime.tv_nsec};
}

// systemd: journal-def.h, struct Header, of which these are parts.
struct JournalHeader {
    std::array<char, 16> sequence_id{};
    std::uint64_t first_realtime = 0;  // microseconds since the epoch; 0 without an entry
};

std::optional<JournalHeader> header_of(const fs::path& file) {
    constexpr off_t seqnum_id = 72;
    constexpr off_t head_entry_realtime = 184;
    JournalHeader header;
    const UniqueFd opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    const auto is_read = [&](auto& part, off_t at) {
        const auto got = ::pread(opened.get(), &part, sizeof part, at);
        return got == static_cast<ssize_t>(sizeof part);
    };
    const bool is_whole = opened && is_read(header.sequence_id, seqnum_id) &&
                          is_read(header.first_realtime, head_entry_realtime);
    header.first_realtime = le64toh(header.first_realtime);
    return is_whole ? std::optional{header} : std::nullopt;
}

const JournalCensus::File* find(const std::vector<JournalCensus::File>& files,
                                const JournalInode& inode) {
    const auto found = std::ranges::find(files, inode, &JournalCensus::File::inode);
    return found == files.end() ? nullptr : &*found;
}

}  // namespace

Result<void> check_journal_access(const JournalPlace& place) {
    Access access;
    for (const auto& directory : directories_of(place)) {
        count_files(directory, access);
    }
    if (!access.denied.empty()) {
        return Error{Errc::denied,
                     access.denied + ": Permission denied; let " + user_name() +
                         " read the journal with `sudo usermod -aG systemd-journal " + user_name() +
                         "`, then restart paws-agent"};
    }
    if (access.files == 0) {
        return Error{Errc::absent, "no journal files below " + tops_of(place).front().string()};
    }
    return {};
}

std::vector<JournalFile> journal_files(const JournalPlace& place) {
    std::vector<JournalFile> files;
    for (const auto& entry : list_files(place).files) {
        std::error_code unknown;
        const auto bytes = entry.file_size(unknown);
        if (!unknown) {
            files.push_back({.name = entry.path().filename(), .bytes = bytes});
        }
    }
    return files;
}

std::optional<std::uint64_t> journal_disk_available(const JournalPlace& place) {
    for (const auto& directory : directories_of(place)) {
        std::error_code unknown;
        const auto space = fs::exists(directory / "system.journal", unknown)
                               ? fs::space(directory, unknown)
                               : fs::space_info{};
        if (!unknown && space.capacity > 0) {
            return space.available;
        }
    }
    return std::nullopt;
}

std::vector<JournalInode> journal_tops(const JournalPlace& place) {
    std::vector<JournalInode> there;
    for (const auto& top : tops_of(place)) {
        if (const auto found = inode_of(top, S_IFDIR)) {
            there.push_back(*found);
        }
    }
    return there;
}

bool JournalCensus::lacks_any_of(const JournalCensus& before) const {
    return is_whole && std::ranges::any_of(before.files, [&](const File& file) {
               return find(files, file.inode) == nullptr;
           });
}

std::optional<WallTime> JournalCensus::first_since(const JournalCensus& before) const {
    std::optional<WallTime> first;
    for (const auto& file : files) {
        const auto* const known = find(before.files, file.inode);
        if (file.first && !(known != nullptr && known->first)) {
            first = std::min(first.value_or(*file.first), *file.first);
        }
    }
    return first;
}

JournalCensus take_census(const JournalPlace& place) {
    const auto listing = list_files(place);
    JournalCensus census{.one_sequence = !listing.files.empty(), .is_whole = listing.is_whole};
    std::optional<JournalHeader> first;
    for (const auto& entry : listing.files) {
        const auto header = header_of(entry.path());
        first = first ? first : header;
        census.one_sequence &= header && header->sequence_id == first->sequence_id;
        if (const auto inode = inode_of(entry.path(), S_IFREG)) {
            const bool has_entries = header && header->first_realtime > 0;
            census.files.push_back({.inode = *inode,
                                    .first = has_entries ? std::optional{EntryClocks{
                                                               .realtime = header->first_realtime}
                                                                             .wall_time()}
                                                         : std::nullopt});
        }
    }
    return census;
}

}  // namespace paws::platform
