#include "platform/sd_journal.h"

#include "core/text.h"
#include "platform/root_fs.h"
#include "platform/sd_journal_access.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <utility>

#include <systemd/sd-journal.h>

namespace paws::platform {

namespace {

// journald cuts lines of services at 48 KiB unless told otherwise (journald.conf(5), LineMax=).
constexpr std::size_t longest_value = 64U << 10U;

struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
};

Error journal_error(int result, std::string_view what) {
    auto error = system_error(-result, "the journal, " + std::string{what});
    return error;
}

Result<void> seek_cursor(sd_journal* handle, const std::string& cursor) {
    const int sought = sd_journal_seek_cursor(handle, cursor.c_str());
    if (sought == -EINVAL) {
        return Error{Errc::malformed,
                     "the journal, seek: not a cursor: '" + printable(cursor) + "'"};
    }
    return sought < 0 ? Result<void>{journal_error(sought, "seek")} : Result<void>{};
}

// All files, not those of the system alone: services that run as a login user write to that user's.
int open_handle(const JournalPlace& place, sd_journal** handle) {
    if (!place.directory.empty()) {
        return sd_journal_open_directory(handle, place.directory.c_str(), 0);
    }
    if (place.root != "/") {
        return sd_journal_open_directory(handle, place.root.c_str(), SD_JOURNAL_OS_ROOT);
    }
    const char* name_space = place.name_space.empty() ? nullptr : place.name_space.c_str();
    return sd_journal_open_namespace(handle, name_space, SD_JOURNAL_LOCAL_ONLY);
}

}  // namespace

void SdJournal::Close::operator()(sd_journal* handle) const noexcept {
    sd_journal_close(handle);
}

Result<SdJournal> SdJournal::open(const JournalPlace& place) {
    if (const auto access = check_journal_access(place); !access) {
        return access.error();
    }
    sd_journal* handle = nullptr;
    if (const int opened = open_handle(place, &handle); opened < 0) {
        return journal_error(opened, "open");
    }
    SdJournal journal{handle};
    sd_journal_set_data_threshold(handle, longest_value);
    if (const int fd = sd_journal_get_fd(handle); fd < 0) {
        return journal_error(fd, "watch its files");
    }
    return journal;
}

Result<void> SdJournal::match(std::span<const std::string> terms) {
    sd_journal_flush_matches(handle_.get());
    standing_ = false;
    for (const auto& term : terms) {
        if (const int added = sd_journal_add_match(handle_.get(), term.data(), term.size());
            added < 0) {
            return journal_error(added, "match " + term);
        }
    }
    return {};
}

Result<void> SdJournal::seek_head() {
    standing_ = false;
    const int sought = sd_journal_seek_head(handle_.get());
    return sought < 0 ? Result<void>{journal_error(sought, "seek")} : Result<void>{};
}

Result<void> SdJournal::seek_last(std::uint64_t count) {
    standing_ = false;
    int sought = sd_journal_seek_tail(handle_.get());
    sought = sought < 0 ? sought : sd_journal_previous_skip(handle_.get(), count);
    if (sought < 0) {
        return journal_error(sought, "seek");
    }
    if (sought == 0) {
        return seek_head();  // nothing matches yet; next() at the tail would tell the last again
    }
    standing_ = true;
    return {};
}

Result<void> SdJournal::seek_time(WallTime at) {
    standing_ = false;
    const auto since = std::chrono::floor<std::chrono::microseconds>(at.time_since_epoch()).count();
    const int sought =
        sd_journal_seek_realtime_usec(handle_.get(), static_cast<std::uint64_t>(since));
    return sought < 0 ? Result<void>{journal_error(sought, "seek")} : Result<void>{};
}

Result<bool> SdJournal::seek_last_to(const std::string& cursor, std::uint64_t count) {
    standing_ = false;
    if (auto sought = seek_cursor(handle_.get(), cursor); !sought) {
        return sought.error();
    }
    const int skipped = sd_journal_previous_skip(handle_.get(), count);
    if (skipped < 0) {
        return journal_error(skipped, "seek");
    }
    standing_ = skipped > 0;
    return standing_;
}

Result<void> SdJournal::seek_after(const std::string& cursor) {
    standing_ = false;
    if (auto sought = seek_cursor(handle_.get(), cursor); !sought) {
        return sought;
    }
    const int moved = sd_journal_next(handle_.get());
    if (moved < 0) {
        return journal_error(moved, "seek");
    }
    // The seek lands nearby if the entry was vacuumed or does not match; it is stepped over only
    // if it is there.
    standing_ = moved > 0 && !is_at(cursor);
    return {};
}

Result<bool> SdJournal::next() {
    if (std::exchange(standing_, false)) {
        return true;
    }
    const int moved = sd_journal_next(handle_.get());
    if (moved < 0) {
        return journal_error(moved, "read");
    }
    return moved > 0;
}

Result<std::string> SdJournal::cursor() const {
    char* text = nullptr;
    if (const int told = sd_journal_get_cursor(handle_.get(), &text); told < 0) {
        return journal_error(told, "cursor");
    }
    return std::string{std::unique_ptr<char, Free>{text}.get()};
}

bool SdJournal::is_at(const std::string& cursor) const {
    return sd_journal_test_cursor(handle_.get(), cursor.c_str()) > 0;
}

WallTime SdJournal::taken() const {
    std::uint64_t microseconds = 0;
    sd_journal_get_realtime_usec(handle_.get(), &microseconds);
    return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(microseconds)}};
}

void SdJournal::visit(const Visit& visit) const {
    const void* data = nullptr;
    std::size_t size = 0;
    sd_journal_restart_data(handle_.get());
    while (sd_journal_enumerate_available_data(handle_.get(), &data, &size) > 0) {
        const std::string_view field{static_cast<const char*>(data), size};
        const auto equals = field.find('=');
        if (equals != std::string_view::npos) {
            visit(field.substr(0, equals), field.substr(equals + 1).substr(0, longest_value));
        }
    }
}

int SdJournal::fd() const {
    return sd_journal_get_fd(handle_.get());
}

Result<void> SdJournal::process() {
    const int processed = sd_journal_process(handle_.get());
    return processed < 0 ? Result<void>{journal_error(processed, "watch its files")}
                         : Result<void>{};
}

}  // namespace paws::platform
