// JournalDamage: changes what the entries of a journal file say of their place in it (systemd:
// journal-def.h).

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

namespace paws {

// The times in microseconds; of the boot's id the first half.
enum class EntryField { number, realtime, monotonic, boot };

// Of each entry of the file, the oldest is 0. Throws when it is no journal file.
void change_entries(const std::filesystem::path& file,
                    EntryField field,
                    const std::function<std::uint64_t(std::size_t index, std::uint64_t value)>& to);

}  // namespace paws
