// JournalDamage: changes what a journal file says of its entries (systemd: journal-def.h), in
// place: who has it open goes on with the same file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace paws {

// The times in microseconds; of the boot's id the first half.
enum class EntryField { number, realtime, monotonic, boot };

// Of each entry of the file, the oldest is 0. Throws when it is no journal file.
void change_entries(const std::filesystem::path& file,
                    EntryField field,
                    const std::function<std::uint64_t(std::size_t index, std::uint64_t value)>& to);

// How many entries are found by a field, and where the file says so.
struct FoundCount {
    std::filesystem::path file;
    std::uint64_t offset = 0;
    std::uint64_t entries = 0;

    void write(int more) const;  // by so many more than `entries`, at once
};
FoundCount found_count(const std::filesystem::path& file, std::string_view field);

// By `more` more or less entries are found by this field ("FIELD=value"). One less is what journald
// has written while it is about to link its newest entry. Throws when none has the field.
void change_found(const std::filesystem::path& file, std::string_view field, int more);

}  // namespace paws
