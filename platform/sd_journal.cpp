#include "platform/sd_journal.h"

#include "core/text.h"
#include "platform/abort_guard.h"
#include "platform/bus_guard.h"
#include "platform/root_fs.h"
#include "platform/sd_journal_access.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include <systemd/sd-journal.h>

namespace paws::platform {

namespace {

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

int skip_back(sd_journal* handle, std::uint64_t count) {
    return unless_aborted([=] { return sd_journal_previous_skip(handle, count); });
}

int step_on(sd_journal* handle) {
    return unless_aborted([=] { return sd_journal_next(handle); });
}

// It costs a search of each file for each value that is matched.
constexpr auto between_looks = std::chrono::seconds{1};

constexpr int most_passed = 10'000;  // in search of an entry that may be gone

constexpr int most_looks_for_text = 100;  // whoever writes may have to wait for a processor
constexpr auto between_looks_for_text = std::chrono::milliseconds{1};

}  // namespace

WallTime EntryClocks::wall_time() const {
    using Span = std::chrono::microseconds;
    static constexpr auto latest = std::chrono::floor<Span>(WallTime::max().time_since_epoch());
    const auto shown = std::min(realtime, static_cast<std::uint64_t>(latest.count()));
    return WallTime{Span{static_cast<std::int64_t>(shown)}};
}

void SdJournal::Close::operator()(sd_journal* handle) const noexcept {
    sd_journal_close(handle);
}

SdJournal::SdJournal(sd_journal* handle, JournalPlace place, std::vector<JournalInode> watched)
    : handle_{handle}, place_{std::move(place)}, watched_{std::move(watched)} {}

Result<SdJournal> SdJournal::open(const JournalPlace& place) {
    if (const auto access = check_journal_access(place); !access) {
        return access.error();
    }
    const BusGuard guard;
    AbortGuard::install();
    auto tops = journal_tops(place);  // first: one that comes meanwhile may not be seen
    sd_journal* handle = nullptr;
    if (const int opened = unless_aborted([&] { return open_handle(place, &handle); });
        opened < 0) {
        return journal_error(opened, "open");
    }
    SdJournal journal{handle, place, std::move(tops)};
    journal.set_longest_field(journal.longest_field_);
    if (const int fd = sd_journal_get_fd(handle); fd < 0) {
        return journal_error(fd, "watch its files");
    }
    return journal;
}

Result<void> SdJournal::match(std::span<const std::string> terms) {
    const std::vector<std::string> only{terms.begin(), terms.end()};
    return match_any({&only, 1});
}

Result<void> SdJournal::match_any(std::span<const std::vector<std::string>> lists) {
    const BusGuard guard;
    sd_journal_flush_matches(handle_.get());
    matched_ = !std::ranges::all_of(lists, &std::vector<std::string>::empty);
    standing_ = false;
    for (const auto& list : lists) {
        if (const int added = sd_journal_add_disjunction(handle_.get()); added < 0) {
            return journal_error(added, "match");
        }
        for (const auto& term : list) {
            if (const int added = sd_journal_add_match(handle_.get(), term.data(), term.size());
                added < 0) {
                return journal_error(added, "match " + term);
            }
        }
    }
    return {};
}

void SdJournal::set_longest_field(std::size_t bytes) {
    longest_field_ = bytes;
    sd_journal_set_data_threshold(handle_.get(), bytes);
}

Result<void> SdJournal::seek_head() {
    standing_ = false;
    const int sought = sd_journal_seek_head(handle_.get());
    return sought < 0 ? Result<void>{journal_error(sought, "seek")} : Result<void>{};
}

Result<void> SdJournal::seek_last(std::uint64_t count) {
    const BusGuard guard;
    standing_ = false;
    int sought = sd_journal_seek_tail(handle_.get());
    sought = sought < 0 ? sought : skip_back(handle_.get(), count);
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
    const BusGuard guard;
    standing_ = false;
    if (auto sought = seek_cursor(handle_.get(), cursor); !sought) {
        return sought.error();
    }
    const int skipped = skip_back(handle_.get(), count);
    if (skipped < 0) {
        return journal_error(skipped, "seek");
    }
    standing_ = skipped > 0;
    return standing_;
}

Result<void> SdJournal::seek(const std::string& place) {
    const BusGuard guard;
    standing_ = false;
    return seek_cursor(handle_.get(), place);
}

Result<void> SdJournal::seek_after(const std::string& cursor) {
    const BusGuard guard;
    standing_ = false;
    if (auto sought = seek_cursor(handle_.get(), cursor); !sought) {
        return sought;
    }
    const int moved = step_on(handle_.get());
    if (moved < 0) {
        return journal_error(moved, "seek");
    }
    // The seek lands nearby if the entry was vacuumed or does not match; it is stepped over only
    // if it is there.
    standing_ = moved > 0 && !is_at(cursor);
    return {};
}

// Where files count apart, a seek with a match goes in the others by the clock (252, sd-journal.c:
// find_location_for_match()). When that was set back, entries come first that are before this one
// in libsystemd's own order, and so were told before; then comes this one itself.
Result<void> SdJournal::seek_past(const std::string& cursor) {
    const BusGuard guard;
    auto sought = seek_after(cursor);
    if (!sought || !standing_) {
        return sought;
    }
    for (int passed = 0; passed < most_passed && step_on(handle_.get()) > 0; ++passed) {
        if (is_at(cursor)) {
            standing_ = false;
            return {};
        }
    }
    return seek_after(cursor);
}

Result<bool> SdJournal::step() {
    if (std::exchange(standing_, false)) {
        return true;
    }
    const int moved = step_on(handle_.get());
    return moved < 0 ? Result<bool>{journal_error(moved, "read")} : Result<bool>{moved > 0};
}

Result<bool> SdJournal::next() {
    const BusGuard guard;
    auto there = step();
    if (there && !*there && may_overlook() && Clock::now() - looked_again_ >= between_looks) {
        there = look_again();
    }
    return there;
}

// journald counts an entry before it can be found by its fields. Who looks between the two does not
// find it, and libsystemd does not look into that file again before another is counted (252,
// sd-journal.c: next_beyond_location()), which on a quiet host may be never. A search from a place
// on looks into all files.
Result<bool> SdJournal::look_again() {
    written_ = false;
    looked_again_ = Clock::now();
    const auto last = cursor();
    // Without one nothing was read since the seek; the way back and forth again is a search too.
    auto sought = Result<void>{};
    if (last) {
        sought = seek_past(*last);
    } else if (const auto back = previous(); !back) {
        sought = back.error();
    }
    return sought ? step() : Result<bool>{sought.error()};
}

Result<bool> SdJournal::previous() {
    const BusGuard guard;
    standing_ = false;
    const int moved = skip_back(handle_.get(), 1);
    return moved < 0 ? Result<bool>{journal_error(moved, "read")} : Result<bool>{moved > 0};
}

Result<std::string> SdJournal::cursor() const {
    const BusGuard guard;
    char* text = nullptr;
    if (const int told = sd_journal_get_cursor(handle_.get(), &text); told < 0) {
        return journal_error(told, "cursor");
    }
    return std::string{std::unique_ptr<char, Free>{text}.get()};
}

bool SdJournal::is_at(const std::string& cursor) const {
    const BusGuard guard;
    return sd_journal_test_cursor(handle_.get(), cursor.c_str()) > 0;
}

Result<EntryClocks> SdJournal::clocks() const {
    const BusGuard guard;
    EntryClocks clocks;
    sd_id128_t boot{};
    int told = sd_journal_get_realtime_usec(handle_.get(), &clocks.realtime);
    told = told < 0 ? told : sd_journal_get_monotonic_usec(handle_.get(), &clocks.monotonic, &boot);
    if (told < 0) {
        return journal_error(told, "clocks");
    }
    std::ranges::copy(boot.bytes, clocks.boot.begin());
    return clocks;
}

WallTime SdJournal::taken() const {
    const BusGuard guard;
    EntryClocks clocks;
    sd_journal_get_realtime_usec(handle_.get(), &clocks.realtime);
    return clocks.wall_time();
}

// An entry can be found before all that it holds is linked to it. A field that is half linked looks
// damaged then, and libsystemd passes over it without a word (252, journal-file.c: check_object(),
// "Bad data n_entries"; sd-journal.c: sd_journal_enumerate_data()). That can only be one that is
// new with the entry, as its text is. An entry that has none at all is not waited for time and
// again.
bool SdJournal::visit(const Visit& visit) {
    bool has_text = false;
    bool whole = visit_once(visit, has_text);
    if (has_text || !whole) {
        return whole;
    }
    const auto begun = Clock::now();
    const bool may_come = begun - had_no_text_ >= between_looks;
    for (int tries = 0; !has_text && may_come && tries < most_looks_for_text; ++tries) {
        std::this_thread::sleep_for(between_looks_for_text);
        whole = visit_once(visit, has_text);
    }
    had_no_text_ = has_text ? had_no_text_ : begun;
    return whole;
}

bool SdJournal::visit_once(const Visit& visit, bool& has_text) const {
    const BusGuard guard;
    const void* data = nullptr;
    std::size_t size = 0;
    sd_journal_restart_data(handle_.get());
    AbortGuard abort_guard;
    if (sigsetjmp(abort_guard.way_out, 0) != 0) {
        return false;
    }
    for (;;) {
        abort_guard.arm();
        const int more = sd_journal_enumerate_available_data(handle_.get(), &data, &size);
        AbortGuard::disarm();
        if (more <= 0) {
            return more == 0 && !guard.hit();
        }
        const std::string_view field{static_cast<const char*>(data),
                                     std::min(size, longest_field_)};
        has_text |= field.starts_with("MESSAGE=");
        visit(field);
    }
}

int SdJournal::fd() const {
    return sd_journal_get_fd(handle_.get());
}

// libsystemd watches those that it finds (252, sd-journal.c: add_search_paths()).
bool SdJournal::misses_directory() {
    const auto there = journal_tops(place_);
    std::erase_if(watched_, [&](const auto& top) { return std::ranges::count(there, top) == 0; });
    return there.size() > watched_.size();
}

Result<bool> SdJournal::process() {
    const BusGuard guard;
    const int processed = unless_aborted([this] { return sd_journal_process(handle_.get()); });
    if (processed < 0) {
        return journal_error(processed, "watch its files");
    }
    written_ |= processed != SD_JOURNAL_NOP;
    return processed == SD_JOURNAL_INVALIDATE;
}

}  // namespace paws::platform
