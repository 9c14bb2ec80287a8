// JournalRig: a journal source on a real journal whose entries a test writes.

#pragma once

#include "forwarder/journal_source.h"
#include "tests/support/journal_writer.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace paws::forwarder {

using namespace std::chrono_literals;

inline constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};
inline const std::string runner_unit = "actions.runner.acme.one.service";

using Texts = std::vector<std::string>;

// "1", "2", ... up to and with `last`.
inline Texts numbers(int first, int last) {
    Texts all;
    for (int number = first; number <= last; ++number) {
        all.push_back(std::to_string(number));
    }
    return all;
}

inline std::set<int> from_to(int first, int last) {
    std::set<int> numbers;
    for (int number = first; number <= last; ++number) {
        numbers.insert(number);
    }
    return numbers;
}

inline std::set<int> as_set(const Texts& lines) {
    std::set<int> numbers;
    for (const auto& line : lines) {
        numbers.insert(std::stoi(line));
    }
    return numbers;
}

inline std::string told(const std::set<int>& lines) {
    std::string text;
    for (const auto line : lines) {
        text += std::to_string(line) + " ";
    }
    return text;
}

// Those of `all` that are not there.
inline std::string missing(const std::set<int>& all, const std::set<int>& there) {
    std::set<int> rest;
    std::ranges::set_difference(all, there, std::inserter(rest, rest.end()));
    return told(rest);
}

// 0, 1, ... and these; PAWS_SEED repeats one.
inline std::vector<unsigned> seeds(unsigned count, const std::vector<unsigned>& more = {}) {
    if (const auto* given = std::getenv("PAWS_SEED"); given != nullptr) {
        return {static_cast<unsigned>(std::stoul(given))};
    }
    std::vector<unsigned> all(count);
    std::iota(all.begin(), all.end(), 0U);
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

struct JournalRig {
    TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    Intake intake{Streams{{}}, *Redactor::create()};
    JournalFilter filter;
    JournalBounds bounds;
    BatchBounds batch_bounds;
    std::optional<JournalSource> source;
    Position position;
    Batch batch;
    Roster roster;
    WallTime now = eight + 1h;
    std::chrono::milliseconds step = 1s;  // from line to line

    std::filesystem::path file(const std::string& name) const { return directory.path() / name; }

    void add(int number, const JournalWriter::Fields& other = {}) {
        JournalWriter::Fields fields{
            {"MESSAGE", std::to_string(number)}, {"_SYSTEMD_UNIT", "a.service"}, {"_PID", "12"}};
        for (const auto& [name, value] : other) {
            fields[name] = value;
        }
        std::erase_if(fields, [](const auto& field) { return field.second == "none"; });
        writer.add(eight + number * step, fields);
    }
    void add_numbers(int first, int last, const std::string& to) {
        for (int number = first; number <= last; ++number) {
            add(number);
        }
        writer.commit(to);
    }
    // A new file of the same sequence as `before`, as journald makes them of the file of the
    // system, and of that of each user.
    void begin_file(const std::string& name, const std::string& before) {
        writer.commit(name);
        copy_header<16>(name, before, 72);  // systemd: journal-def.h, struct Header, seqnum_id
        number_on(name, before);
    }
    // The next entry has the number after the last one of `before`: journald numbers those of all
    // its files together.
    void number_on(const std::string& name, const std::string& before) {
        writer.commit(name);
        copy_header<8>(name, before, 160);  // tail_entry_seqnum
    }
    template <std::size_t Bytes>
    void copy_header(const std::string& to, const std::string& from, std::streamoff offset) {
        std::array<char, Bytes> value{};
        std::ifstream source_file{file(from), std::ios::binary};
        source_file.seekg(offset).read(value.data(), value.size());
        std::fstream target{file(to), std::ios::binary | std::ios::in | std::ios::out};
        target.seekp(offset).write(value.data(), value.size());
        REQUIRE((source_file && target));
    }

    void open(const Beginning& beginning = {.at = Beginning::At::oldest}) {
        source.emplace(
            intake, platform::JournalPlace{.directory = directory.path()}, filter, bounds);
        const auto opened = source->open(position, beginning, now);
        REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().what));
    }
    Read read_once() {
        const auto outcome = source->read(batch, batch_bounds, roster, now);
        REQUIRE(outcome);
        source->tell(position);
        return *outcome;
    }
    Texts take_lines() {
        Texts lines;
        for (const auto& item : batch.items()) {
            lines.emplace_back(batch.decode(item).line);
        }
        batch.clear();
        return lines;
    }
    // All that can be read now.
    Texts read() {
        Texts lines;
        int reads = 0;
        for (auto outcome = Read::more; outcome == Read::more || outcome == Read::full;) {
            REQUIRE(++reads < 10'000);
            outcome = read_once();
            const auto more = take_lines();
            lines.insert(lines.end(), more.begin(), more.end());
        }
        return lines;
    }
    // As a restart does.
    Texts reopen_and_read() {
        open();
        return read();
    }
    std::uint64_t lost(LogLoss why) const {
        const auto counts = intake.counts();
        const auto found = counts.lost.find(why);
        return found == counts.lost.end() ? 0 : found->second;
    }
    std::uint64_t gaps() const { return intake.counts().gaps; }
};

}  // namespace paws::forwarder
