#include "tests/support/journal_damage.h"

#include "tests/forwarder/journal_rig.h"

#include <algorithm>
#include <array>
#include <random>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

constexpr std::array all_fields{
    EntryField::number, EntryField::realtime, EntryField::monotonic, EntryField::boot};

// Flips a bit of the number or of a time of an entry, the oldest is 0.
void flip(const JournalRig& rig,
          const std::string& file,
          std::size_t wild,
          EntryField field,
          unsigned bit = 50) {
    change_entries(rig.file(file), field, [&](std::size_t index, std::uint64_t value) {
        return index == wild ? value ^ (std::uint64_t{1} << bit) : value;
    });
}

std::vector<unsigned> some_seeds() {
    return seeds(15, {383, 496, 545});  // a wild number soon after another sequence began
}

template <std::size_t Count>
std::string joined(const std::array<std::string, Count>& files) {
    std::string text;
    for (const auto& file : files) {
        text += file + " ";
    }
    return text;
}

// What is logged now comes, each line once, and again from where an agent would begin.
void goes_on(JournalRig& rig, const std::string& file, int first) {
    rig.add_numbers(first, first + 2, file);
    REQUIRE(rig.source->process());
    const auto live = rig.read();
    CHECK(told(as_set(live)) == told(from_to(first, first + 2)));
    CHECK(live.size() == 3);
    CHECK(rig.read().empty());
    rig.add_numbers(first + 3, first + 4, file);
    const auto after_restart = as_set(rig.reopen_and_read());
    CHECK(missing(from_to(first + 3, first + 4), after_restart) == "");
    CHECK(rig.read().empty());
}

}  // namespace

TEST_CASE("journal damage: a wild entry hides nothing that comes after it in the same file") {
    for (const auto field : all_fields) {
        for (const std::size_t wild : {3U, 8U, 9U}) {
            CAPTURE(static_cast<int>(field));
            CAPTURE(wild);
            JournalRig rig;
            rig.add_numbers(1, 10, "system.journal");
            flip(rig, "system.journal", wild, field);
            rig.open();
            const auto lines = rig.read();
            CHECK(missing(from_to(1, 10), as_set(lines)) == "");
            CHECK(lines.size() == 10);
            CHECK(rig.read().empty());
            goes_on(rig, "system.journal", 11);
            CHECK(rig.lost(LogLoss::unreadable) == 0);
            CHECK(rig.gaps() == 0);
        }
    }
}

TEST_CASE("journal damage: a wild entry in an archive hides nothing in other files") {
    for (const bool same_count : {false, true}) {
        for (const auto field : all_fields) {
            for (const std::size_t wild : {0U, 3U, 9U}) {
                CAPTURE(same_count);
                CAPTURE(static_cast<int>(field));
                CAPTURE(wild);
                JournalRig rig;
                rig.add_numbers(1, 10, "old.journal");
                if (same_count) {
                    rig.begin_file("system.journal", "old.journal");
                }
                rig.add_numbers(11, 20, "system.journal");
                flip(rig, "old.journal", wild, field);
                rig.open();
                const auto lines = rig.read();
                const auto there = as_set(lines);
                CHECK(missing(from_to(11, 20), there) == "");
                CHECK(missing(from_to(1, static_cast<int>(wild)), there) == "");
                CHECK(lines.size() == there.size());
                goes_on(rig, "system.journal", 21);
                if (same_count &&
                    wild > 0) {  // what is hidden in its own file is counted to the line
                    CHECK(rig.lost(LogLoss::unreadable) == 20 - there.size());
                }
            }
        }
    }
}

// By the wild time all that comes later is before what was told; by the boot that there never was
// the rest of one file is not. What is hidden depends on the order in which the files are found.
TEST_CASE(
    "journal damage: a wild entry that another damaged one leads away from hides nothing new") {
    std::array<std::string, 3> files{"a.journal", "b.journal", "system.journal"};
    do {
        for (const std::size_t other : {0U, 5U, 9U}) {
            CAPTURE(joined(files));
            CAPTURE(other);
            const auto& [old, later, live] = files;
            JournalRig rig;
            rig.add_numbers(1, 10, old);
            rig.add_numbers(11, 20, later);
            rig.add_numbers(21, 30, live);
            flip(rig, old, 5, EntryField::monotonic);
            flip(rig, later, other, EntryField::boot);
            rig.open();
            CHECK(missing(from_to(21, 30), as_set(rig.read())) == "");
            CHECK(rig.read().empty());
            goes_on(rig, live, 31);
        }
    } while (std::next_permutation(files.begin(), files.end()));
}

TEST_CASE("journal damage: it may come while nobody reads") {
    for (const auto field : all_fields) {
        for (const std::size_t wild : {5U, 7U}) {
            CAPTURE(static_cast<int>(field));
            CAPTURE(wild);
            JournalRig rig;
            rig.add_numbers(1, 5, "system.journal");
            rig.open();
            CHECK(rig.read() == numbers(1, 5));
            rig.add_numbers(6, 10, "system.journal");
            flip(rig, "system.journal", wild, field);
            CHECK(missing(from_to(6, 10), as_set(rig.reopen_and_read())) == "");
            goes_on(rig, "system.journal", 11);
        }
    }
}

TEST_CASE("journal damage: a read that ends at a wild entry is gone on from the place before") {
    for (const auto field : all_fields) {
        for (const std::size_t wild : {3U, 40U}) {
            CAPTURE(static_cast<int>(field));
            CAPTURE(wild);
            JournalRig rig;
            rig.bounds.entries = wild + 1;
            rig.add_numbers(1, 50, "old.journal");
            rig.begin_file("system.journal", "old.journal");
            rig.add_numbers(51, 60, "system.journal");
            flip(rig, "old.journal", wild, field);
            rig.open();
            rig.read_once();
            auto found = as_set(rig.take_lines());
            found.merge(as_set(rig.reopen_and_read()));
            auto wanted = from_to(1, static_cast<int>(wild));
            wanted.merge(from_to(51, 60));
            CHECK(missing(wanted, found) == "");
            goes_on(rig, "system.journal", 61);
        }
    }
}

TEST_CASE("journal damage: what was read before something ahead is not sent again") {
    for (const auto field : all_fields) {
        for (const std::size_t wild : {5U, 20U, 33U}) {
            CAPTURE(static_cast<int>(field));
            CAPTURE(wild);
            JournalRig rig;
            rig.add_numbers(1, 40, "old.journal");
            rig.add_numbers(41, 50, "system.journal");  // counts by itself
            flip(rig, "old.journal", wild, field);
            rig.open();
            const auto lines = rig.read();
            CHECK(lines.size() == as_set(lines).size());
            CHECK(missing(from_to(41, 50), as_set(lines)) == "");
            goes_on(rig, "system.journal", 51);
        }
    }
}

TEST_CASE("journal damage: beginning now it is not begun at a wild entry") {
    for (const auto field : all_fields) {
        CAPTURE(static_cast<int>(field));
        JournalRig rig;
        rig.add_numbers(1, 5, "old.journal");
        rig.add_numbers(6, 10, "system.journal");
        flip(rig, "old.journal", 4, field);
        rig.open({.at = Beginning::At::now});
        CHECK(rig.read().size() <= 1);
        goes_on(rig, "system.journal", 11);
    }
}

TEST_CASE("journal damage: a clock that was wrong is no damage") {
    JournalRig rig;
    rig.add_numbers(1, 3'000, "system.journal");
    rig.now = eight;  // all of them are in the future
    rig.open();
    CHECK(rig.read() == numbers(1, 3'000));
    rig.now = eight + 2h;
    goes_on(rig, "system.journal", 3'001);
}

TEST_CASE("journal damage: thousands of wild entries end in bounded reads") {
    for (const auto field : all_fields) {
        CAPTURE(static_cast<int>(field));
        JournalRig rig;
        rig.add_numbers(1, 3'000, "old.journal");
        rig.add_numbers(3'001, 3'010, "system.journal");
        change_entries(rig.file("old.journal"), field, [](std::size_t index, std::uint64_t value) {
            return index % 2 == 0 ? value ^ (std::uint64_t{1} << 50U) : value;
        });
        rig.open();
        const auto lines = rig.read();
        CHECK(lines.size() <= 3'010);
        CHECK(missing(from_to(3'001, 3'010), as_set(lines)) == "");
    }
}

namespace {

const std::array<std::string, 4> four_files{
    "a.journal", "b.journal", "c.journal", "system.journal"};

struct FourFiles {
    std::array<int, 4> ends{};    // the last number in each
    std::array<int, 4> counts{};  // equal where entries are counted on from the file before

    // An uptime may then be after the entries of another count, which are after those of its own
    // count that are after it: libsystemd leaves some out before the wild one is read.
    bool can_be_a_circle(std::size_t file) const {
        const auto of_its_own = std::count(
            counts.begin() + static_cast<std::ptrdiff_t>(file) + 1, counts.end(), counts.at(file));
        const auto later = static_cast<std::ptrdiff_t>(counts.size() - file - 1);
        return of_its_own > 0 && of_its_own < later;
    }
};

// Each with some entries, and with a count of its own or that of the one before.
FourFiles write_four_files(JournalRig& rig, std::mt19937& random) {
    FourFiles files;
    int last = 0;
    for (std::size_t at = 0; at < four_files.size(); ++at) {
        files.counts.at(at) = static_cast<int>(at);
        if (at > 0 && random() % 2 == 0) {
            rig.begin_file(four_files.at(at), four_files.at(at - 1));
            files.counts.at(at) = files.counts.at(at - 1);
        }
        const int count = 1 + static_cast<int>(random() % 12);
        rig.add_numbers(last + 1, last + count, four_files.at(at));
        last += count;
        files.ends.at(at) = last;
    }
    return files;
}

}  // namespace

TEST_CASE("journal damage: whatever bit of whichever entry, other files are whole") {
    for (const auto seed : some_seeds()) {
        std::mt19937 random{seed};
        JournalRig rig;
        rig.bounds.entries = 3 + random() % 20;
        const auto files = write_four_files(rig, random);
        const auto& ends = files.ends;
        const auto file = random() % 3;  // an archive
        // The very first entry of all has none before it that shows what is wild in it.
        const auto entry = file == 0 ? 1 + random() % 11 : random() % 12;
        const auto field = all_fields.at(random() % all_fields.size());
        const auto bit = static_cast<unsigned>(random() % 55);
        flip(rig, four_files.at(file), entry, field, bit);
        CAPTURE(seed);
        CAPTURE(four_files.at(file));
        CAPTURE(entry);
        CAPTURE(static_cast<int>(field));
        CAPTURE(bit);
        rig.open();
        const auto lines = rig.read();
        auto others = from_to(1, ends.back());
        for (int line = file == 0 ? 1 : ends.at(file - 1) + 1; line <= ends.at(file); ++line) {
            others.erase(line);
        }
        if (field != EntryField::monotonic || !files.can_be_a_circle(file)) {
            CHECK(missing(others, as_set(lines)) == "");
        }
        CHECK(lines.size() == as_set(lines).size());
        goes_on(rig, "system.journal", ends.back() + 1);
    }
}

TEST_CASE("journal damage: whatever bits of several entries, it goes on") {
    for (const auto seed : some_seeds()) {
        std::mt19937 random{seed};
        JournalRig rig;
        rig.bounds.entries = 3 + random() % 20;
        const auto last = write_four_files(rig, random).ends.back();
        for (auto count = 2 + random() % 2; count > 0; --count) {
            flip(rig,
                 four_files.at(random() % 3),
                 random() % 12,
                 all_fields.at(random() % all_fields.size()),
                 static_cast<unsigned>(random() % 55));
        }
        CAPTURE(seed);
        rig.open();
        rig.read();
        goes_on(rig, "system.journal", last + 1);
    }
}

// libsystemd then tells the last line again after each search for what follows it.
TEST_CASE("journal damage: a search that leads back to what was read ends") {
    std::mt19937 random{3003};
    JournalRig rig;
    rig.bounds.entries = 3 + random() % 20;
    const auto last = write_four_files(rig, random).ends.back();
    flip(rig, "c.journal", 1, EntryField::realtime, 33);
    rig.open();
    rig.read();
    goes_on(rig, "system.journal", last + 1);
}
