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
constexpr std::size_t data_entries = 56;
constexpr unsigned char data_type = 1;
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

std::string contents(const std::filesystem::path& file) {
    std::ifstream from{file, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{from}, {}};
    if (!bytes.starts_with("LPKSHHRH")) {
        throw std::runtime_error{file.string() + " is no journal file"};
    }
    return bytes;
}

void write(const std::filesystem::path& file, const std::string& bytes) {
    std::fstream{file, std::ios::binary | std::ios::in | std::ios::out} << bytes;
}

// visit(offset, size) of each object of this type.
void each_object(const std::string& bytes,
                 unsigned char type,
                 const std::function<void(std::uint64_t offset, std::uint64_t size)>& visit) {
    const auto end = number_at(bytes, tail_object);
    for (auto object = number_at(bytes, header_size); object <= end;) {
        const auto size = number_at(bytes, object + object_size);
        if (static_cast<unsigned char>(bytes.at(object)) == type) {
            visit(object, size);
        }
        object += (size + 7) / 8 * 8;
    }
}

}  // namespace

void change_entries(
    const std::filesystem::path& file,
    EntryField field,
    const std::function<std::uint64_t(std::size_t index, std::uint64_t value)>& to) {
    auto bytes = contents(file);
    std::size_t index = 0;
    each_object(bytes, entry_type, [&](std::uint64_t object, std::uint64_t /*size*/) {
        const auto offset = object + entry_fields + 8 * static_cast<std::uint64_t>(field);
        set_number(bytes, offset, to(index++, number_at(bytes, offset)));
    });
    write(file, bytes);
}

FoundCount found_count(const std::filesystem::path& file, std::string_view field) {
    const auto bytes = contents(file);
    FoundCount count{.file = file};
    each_object(bytes, data_type, [&](std::uint64_t object, std::uint64_t size) {
        if (std::string_view{bytes}.substr(object, size).ends_with(field)) {
            count.offset = object + data_entries;
            count.entries = number_at(bytes, count.offset);
        }
    });
    if (count.offset == 0) {
        throw std::runtime_error{file.string() + " has no " + std::string{field}};
    }
    return count;
}

void FoundCount::write(int more) const {
    std::string number(8, '\0');
    set_number(number, 0, entries + static_cast<std::uint64_t>(more));
    std::fstream to{file, std::ios::binary | std::ios::in | std::ios::out};
    to.seekp(static_cast<std::streamoff>(offset)) << number;
}

void change_found(const std::filesystem::path& file, std::string_view field, int more) {
    found_count(file, field).write(more);
}

}  // namespace paws
