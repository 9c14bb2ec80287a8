#include "forwarder/journal_reserve.h"

#include "core/text.h"
#include "platform/sd_journal.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <string>

namespace paws::forwarder {

namespace {

constexpr std::string_view suffix = ".journal";
// Opens each file of the journal; journald reads its settings only when it begins.
constexpr auto between_looks_for_limits = std::chrono::minutes{1};

// "system", "user-1000"
std::string_view family_of(std::string_view name) {
    return name.substr(0, name.find('@'));
}

struct Archive {
    WallTime begins;
    std::uint64_t bytes = 0;
};

}  // namespace

std::optional<WallTime> archive_begins(std::string_view name) {
    const auto dash = name.rfind('-');
    if (name.find('@') == std::string_view::npos || !name.ends_with(suffix) ||
        dash == std::string_view::npos) {
        return std::nullopt;
    }
    name.remove_suffix(suffix.size());
    const auto microseconds = parse_integer<std::int64_t>(name.substr(dash + 1), 16);
    return microseconds ? std::optional{WallTime{std::chrono::microseconds{*microseconds}}}
                        : std::nullopt;
}

// A file ends where the next of its family begins; the last archive reaches up to the file that is
// written, so that it is not counted.
std::uint64_t reserve_bytes(const std::vector<platform::JournalFile>& files, WallTime place) {
    std::map<std::string_view, std::vector<Archive>> families;
    for (const auto& file : files) {
        if (const auto begins = archive_begins(file.name)) {
            families[family_of(file.name)].push_back({.begins = *begins, .bytes = file.bytes});
        }
    }
    std::uint64_t reserve = 0;
    for (auto& [family, archives] : families) {
        std::ranges::sort(archives, {}, &Archive::begins);
        for (std::size_t at = 0; at + 1 < archives.size(); ++at) {
            reserve += archives[at + 1].begins <= place ? archives[at].bytes : 0;
        }
    }
    return reserve;
}

// As cache_space_refresh() of journald-server.c reckons it.
std::uint64_t room_bytes(const JournalLimits& limits,
                         std::uint64_t used,
                         std::uint64_t disk_available) {
    const auto of_disk = disk_available - std::min(disk_available, limits.keep_free);
    const auto of_use = limits.most - std::min(limits.most, used);
    return std::min(of_disk, of_use);
}

// By this transport only journald itself writes.
std::optional<JournalLimits> journal_limits(const platform::JournalPlace& place) {
    static const std::array<std::string, 2> said{"MESSAGE_ID=ec387f577b844b8fa948f33cad9a75e6",
                                                 "_TRANSPORT=driver"};
    auto journal = platform::SdJournal::open(place);
    if (!journal || !journal->match(said) || !journal->seek_last(1)) {
        return std::nullopt;
    }
    if (const auto there = journal->next(); !there || !*there) {
        return std::nullopt;
    }
    std::optional<std::uint64_t> most;
    std::optional<std::uint64_t> keep_free;
    const auto keep = [](std::string_view field, std::string_view name, auto& number) {
        if (field.starts_with(name)) {
            number = parse_integer<std::uint64_t>(field.substr(name.size()));
        }
    };
    journal->visit([&](std::string_view field) {
        keep(field, "MAX_USE=", most);
        keep(field, "DISK_KEEP_FREE=", keep_free);
    });
    return most && keep_free ? std::optional{JournalLimits{.most = *most, .keep_free = *keep_free}}
                             : std::nullopt;
}

std::uint64_t JournalReserve::look(WallTime read_to, BootTime now) {
    if (!limits_at_ || now - *limits_at_ >= between_looks_for_limits) {
        limits_at_ = now;
        limits_ = journal_limits(place_);
    }
    const auto files = platform::journal_files(place_);
    const auto available = platform::journal_disk_available(place_);
    const auto used = std::transform_reduce(
        files.begin(), files.end(), std::uint64_t{}, std::plus{}, [](const auto& file) {
            return file.bytes;
        });
    const auto room = limits_ && available ? room_bytes(*limits_, used, *available) : 0;
    return reserve_bytes(files, read_to) + room;
}

}  // namespace paws::forwarder
