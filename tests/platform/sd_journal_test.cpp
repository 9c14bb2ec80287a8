#include "platform/sd_journal.h"

#include "tests/platform/journal_texts.h"
#include "tests/support/journal_damage.h"
#include "tests/support/journal_writer.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace std::chrono_literals;
using namespace paws::platform;
namespace fs = std::filesystem;

TEST_CASE("SdJournal: matched entries come in order, with their time and fields") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    add(writer, 1);
    add(writer, 2, "b.service");
    add(writer, 3);
    writer.commit();
    auto journal = SdJournal::open({.directory = directory.path()});
    REQUIRE(journal);
    const std::vector<std::string> terms{"_SYSTEMD_UNIT=a.service"};
    REQUIRE(journal->match(terms));
    REQUIRE(journal->seek_head());
    REQUIRE(journal->next().value());
    CHECK(journal->taken() == eight + 1s);
    const auto clocks = journal->clocks();
    REQUIRE(clocks);
    CHECK(clocks->wall_time() == eight + 1s);
    CHECK(clocks->monotonic > 0);
    CHECK(clocks->boot != platform::EntryClocks{}.boot);
    CHECK(message(*journal) == "1");
    CHECK(rest(*journal) == Messages{"3"});
    REQUIRE(journal->match({}));
    REQUIRE(journal->seek_last(2));
    CHECK(rest(*journal) == Messages{"2", "3"});
    REQUIRE(journal->seek_last(100));
    CHECK(rest(*journal) == Messages{"1", "2", "3"});
}

TEST_CASE("SdJournal: reading goes on after a cursor, also when its entry is gone or not matched") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    add(writer, 1);
    add(writer, 2, "b.service");
    writer.commit("old.journal");
    add(writer, 3);
    add(writer, 4);
    writer.commit("new.journal");
    auto journal = SdJournal::open({.directory = directory.path()});
    REQUIRE(journal);
    REQUIRE(journal->seek_head());
    REQUIRE(journal->next().value());
    REQUIRE(journal->next().value());
    const auto second = journal->cursor().value();
    CHECK(journal->is_at(second));
    REQUIRE(journal->seek_after(second));
    CHECK(rest(*journal) == Messages{"3", "4"});
    const std::vector<std::string> terms{"_SYSTEMD_UNIT=a.service"};
    REQUIRE(journal->match(terms));
    REQUIRE(journal->seek_after(second));
    CHECK(rest(*journal) == Messages{"3", "4"});
    fs::remove(directory.path() / "old.journal");
    auto later = SdJournal::open({.directory = directory.path()});
    REQUIRE(later->seek_after(second));
    CHECK(rest(*later) == Messages{"3", "4"});
    CHECK_FALSE(later->seek_after("no cursor"));
}

TEST_CASE("SdJournal: at the end it waits for what comes, and tells nothing twice") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    add(writer, 1);
    writer.commit();
    auto journal = SdJournal::open({.directory = directory.path()});
    REQUIRE(journal);
    REQUIRE(journal->seek_last(1));
    CHECK(rest(*journal) == Messages{"1"});
    for (int number = 2; number < 5; ++number) {
        add(writer, number);
        writer.commit(number == 3 ? "other.journal" : "system.journal");
        REQUIRE(journal->process());
        CHECK(rest(*journal) == Messages{std::to_string(number)});
    }
}

TEST_CASE(
    "SdJournal: an entry that could not be found when it was looked for is found soon after") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    add(writer, 1);
    add(writer, 2);
    add(writer, 3, "other.service");
    writer.commit();
    auto journal = SdJournal::open({.directory = directory.path()});
    REQUIRE(journal);
    std::string unit = "a.service";
    SUBCASE("after another of its unit") {
        REQUIRE(journal->match(std::vector{"_SYSTEMD_UNIT=" + unit}));
        REQUIRE(journal->seek_head());
        CHECK(rest(*journal) == Messages{"1", "2"});
    }
    SUBCASE("after the entry of a cursor, with one of its unit before it") {
        REQUIRE(journal->seek_last(1));
        REQUIRE(journal->next().value());
        const auto last = journal->cursor().value();
        REQUIRE(journal->match(std::vector{"_SYSTEMD_UNIT=" + unit}));
        REQUIRE(journal->seek_after(last));
        CHECK(rest(*journal).empty());
    }
    SUBCASE("as the first that is read") {
        unit = "new.service";
        REQUIRE(journal->match(std::vector{"_SYSTEMD_UNIT=" + unit}));
        REQUIRE(journal->seek_head());
        CHECK(rest(*journal).empty());
    }
    CHECK_FALSE(journal->may_overlook());
    add(writer, 4, unit);
    writer.commit();
    const auto file = directory.path() / "system.journal";
    change_found(file, "_SYSTEMD_UNIT=" + unit, -1);
    REQUIRE(journal->process());
    CHECK(rest(*journal).empty());
    change_found(file, "_SYSTEMD_UNIT=" + unit, 1);
    REQUIRE(journal->process());
    auto found = rest(*journal);
    for (int tenth = 0; tenth < 30 && journal->may_overlook(); ++tenth) {
        std::this_thread::sleep_for(100ms);
        std::ranges::copy(rest(*journal), std::back_inserter(found));
    }
    CHECK(found == Messages{"4"});
    CHECK_FALSE(journal->may_overlook());
}

TEST_CASE("SdJournal: a clock that was set back brings no line of another sequence again") {
    TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    const auto put = [&](const std::string& file, WallTime at, const std::string& text) {
        writer.add(at, {{"MESSAGE", text}, {"_SYSTEMD_UNIT", file.substr(0, 9)}});
        writer.commit(file);
    };
    put("user-1001.journal", eight + 1min, "b1");
    put("user-1000.journal", eight + 2min, "a1");
    put("user-1001.journal", eight + 3min, "b2");
    put("user-1000.journal", eight - 1h, "a2");
    put("user-1000.journal", eight - 1h + 1min, "a3");
    auto journal = SdJournal::open({.directory = directory.path()});
    REQUIRE(journal);
    const Messages units{"_SYSTEMD_UNIT=user-1000", "_SYSTEMD_UNIT=user-1001"};
    REQUIRE(journal->match(units));
    REQUIRE(journal->seek_head());
    CHECK(rest(*journal) == Messages{"b1", "a1", "b2", "a2", "a3"});
    const auto place = journal->cursor().value();
    REQUIRE(journal->seek_past(place));
    CHECK(rest(*journal) == Messages{});
    put("user-1001.journal", eight - 1h + 2min, "b3");
    put("user-1000.journal", eight - 1h + 3min, "a4");
    REQUIRE(journal->process());
    CHECK(rest(*journal) == Messages{"b3", "a4"});
    // Of an entry that is gone it goes to what follows, as well as that is known.
    auto gone = place;
    gone.replace(gone.find(";i="), 4, ";i=9");
    gone.replace(gone.find(";x=") + 3, 4, "0000");
    REQUIRE(journal->seek_past(gone));
    CHECK(journal->next().value());
}

// What journald has written while it is about to link the text of its newest entry.
TEST_CASE("SdJournal: a text that is half linked yet is waited for, one that never comes is not") {
    TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    add(writer, 1);
    add(writer, 2);
    writer.commit();
    const auto file = directory.path() / "system.journal";
    const auto linked = found_count(file, "MESSAGE=2");
    linked.write(-1);
    auto journal = SdJournal::open({.directory = directory.path()});
    REQUIRE(journal);
    REQUIRE(journal->next().value());
    CHECK(message(*journal) == "1");
    REQUIRE(journal->next().value());
    std::thread later{[&] {
        std::this_thread::sleep_for(15ms);
        linked.write(0);
    }};
    CHECK(message(*journal) == "2");
    later.join();
    linked.write(-1);
    CHECK(message(*journal).empty());
}

TEST_CASE("SdJournal: a huge value is cut, a binary one comes as it is") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    writer.add(eight, {{"MESSAGE", std::string(5'000'000, 'x')}});
    writer.add(eight + 1s, {{"MESSAGE", std::string{"a\n\0\xFF", 4}}});
    writer.commit();
    auto journal = SdJournal::open({.directory = directory.path()});
    REQUIRE(journal);
    REQUIRE(journal->seek_head());
    REQUIRE(journal->next().value());
    CHECK(message(*journal).size() <= 65'536);
    REQUIRE(journal->next().value());
    CHECK(message(*journal) == std::string{"a\n\0\xFF", 4});
}

TEST_CASE(
    "SdJournal: a compressed field whose length is damaged costs its entry, not the process") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    add(writer, 1);
    writer.add(eight + 2s, {{"MESSAGE", std::string(100'000, 'x')}});
    add(writer, 3);
    writer.commit();
    const auto path = directory.path() / "system.journal";
    std::ifstream from{path, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{from}, {}};
    // A frame of zstd (RFC 8878) with its magic number, a descriptor and the length, 4 bytes.
    const auto frame = bytes.find("\x28\xB5\x2F\xFD");
    REQUIRE(frame != std::string::npos);
    REQUIRE((static_cast<unsigned char>(bytes[frame + 4]) & 0xE0U) == 0xA0);
    bytes[frame + 7] = '\x7F';
    std::ofstream{path, std::ios::binary} << bytes;
    auto journal = SdJournal::open({.directory = directory.path()});
    REQUIRE(journal);
    REQUIRE(journal->seek_head());
    CHECK(rest(*journal) == Messages{"1", "", "3"});
}
