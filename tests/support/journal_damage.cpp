#include "tests/support/journal_damage.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace paws {

namespace {

// Offsets in the header, and in the head of an object.
constexpr std::size_t header_size = 88;
constexpr std::size_t tail_object = 136;
constexpr std::size_t object_size = 8;
constexpr std::size_t entry_fields = 16;
constexpr unsigned char entry_type = 3;

std::uint64_t number_at(const std::string& bytes, std::uint64_t offset) {
    std::uint64_t number = 0;
    for (std::size_t byte = 8; byte-- > 0;) {
        number = number << 8U | static_cast<unsigned char>(bytes.at(offset + byte));
    }
    return number;
}

void set_number(std::string& bytes, std::uint64_t offset, std::uint64_t number) {
    for (std::size_t byte = 0; byte < 8; ++byte) {
        bytes.at(offset + byte) = static_cast<char>((number >> (8 * byte)) & 0xFFU);
    }
}

}  // namespace

void change_entries(
    const std::filesystem::path& file,
    EntryField field,
    const std::function<std::uint64_t(std::size_t index, std::uint64_t value)>& to) {
    std::ifstream from{file, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{from}, {}};
    if (!bytes.starts_with("LPKSHHRH")) {
        throw std::runtime_error{file.string() + " is no journal file"};
    }
    std::size_t index = 0;
    const auto end = number_at(bytes, tail_object);
    for (auto object = number_at(bytes, header_size); object <= end;) {
        if (static_cast<unsigned char>(bytes.at(object)) == entry_type) {
            const auto offset = object + entry_fields + 8 * static_cast<std::uint64_t>(field);
            set_number(bytes, offset, to(index++, number_at(bytes, offset)));
        }
        object += (number_at(bytes, object + object_size) + 7) / 8 * 8;
    }
    // In place: who has it open goes on with the same file.
    std::fstream{file, std::ios::binary | std::ios::in | std::ios::out} << bytes;
}

}  // namespace paws
