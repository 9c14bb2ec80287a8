#include "forwarder/journal_reserve.h"

#include "core/text.h"

#include <algorithm>
#include <map>

namespace paws::forwarder {

namespace {

constexpr std::string_view suffix = ".journal";

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

}  // namespace paws::forwarder
