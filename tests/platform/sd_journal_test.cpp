#include "platform/sd_journal.h"

#include "core/text.h"
#include "platform/sd_journal_access.h"
#include "tests/support/journal_damage.h"
#include "tests/support/journal_writer.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace paws;
using namespace std::chrono_literals;
using platform::SdJournal;
namespace fs = std::filesystem;

namespace {

constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};
constexpr uid_t nobody = 65534;

void add(JournalWriter& writer, int number, const std::string& unit = "a.service") {
    writer.add(eight + number * 1s, {{"MESSAGE", std::to_string(number)}, {"_SYSTEMD_UNIT", unit}});
}

std::string message(SdJournal& journal) {
    std::string found;
    journal.visit([&](std::string_view field) {
        if (take_until(field, '=') == "MESSAGE") {
            found = field;
        }
    });
    return found;
}

std::vector<std::string> rest(SdJournal& journal) {
    std::vector<std::string> found;
    while (journal.next().value()) {
        found.push_back(message(journal));
    }
    return found;
}

using Messages = std::vector<std::string>;

// Of a machine, below a root.
fs::path machine_directory(const fs::path& top) {
    auto directory = top / "0123456789abcdef0123456789abcdef";
    fs::create_directories(directory);
    return directory;
}

// What opening says to a user without rights; asked in a child, which may give up its own.
Errc opened_by_nobody(const fs::path& directory) {
    const auto child = ::fork();
    if (child == 0) {
        // Under sudo root is in the group root as well.
        if (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0) {
            ::_exit(99);
        }
        const auto journal = SdJournal::open({.directory = directory});
        const bool helpful =
            !journal &&
            journal.error().what.find("usermod -aG systemd-journal nobody") != std::string::npos;
        ::_exit(journal ? 98
                : helpful || journal.error().code != Errc::denied
                    ? static_cast<int>(journal.error().code)
                    : 97);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return static_cast<Errc>(WEXITSTATUS(status));
}

}  // namespace

TEST_CASE(
    "sd_journal: a directory that comes later, or comes back, is missed until it is opened anew") {
    const TemporaryDirectory root;
    const auto in_memory = root.path() / "run/log/journal";
    const auto on_disk = root.path() / "var/log/journal";
    JournalWriter writer{machine_directory(in_memory)};
    add(writer, 1);
    writer.commit();
    const platform::JournalPlace place{.root = root.path()};
    auto journal = SdJournal::open(place).value();
    CHECK_FALSE(journal.misses_directory());
    JournalWriter other{machine_directory(on_disk)};
    add(other, 2);
    other.commit();
    CHECK(journal.process());
    CHECK(rest(journal) == Messages{"1"});
    CHECK(journal.misses_directory());
    journal = SdJournal::open(place).value();
    CHECK_FALSE(journal.misses_directory());
    CHECK(rest(journal) == Messages{"1", "2"});
    fs::rename(on_disk, root.path() / "aside");
    CHECK_FALSE(journal.misses_directory());
    fs::rename(root.path() / "aside", on_disk);
    CHECK(journal.misses_directory());
}

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

TEST_CASE("SdJournal: files count in one sequence, unless one began anew or cannot be read") {
    const TemporaryDirectory directory;
    const platform::JournalPlace place{.directory = directory.path()};
    CHECK_FALSE(platform::count_in_one_sequence(place));
    JournalWriter writer{directory.path()};
    add(writer, 1);
    writer.commit("a.journal");
    CHECK(platform::count_in_one_sequence(place));
    fs::create_directory(directory.path() / "machine");
    const auto archive = directory.path() / "machine/b.journal~";  // in libsystemd's eyes as well
    fs::copy_file(directory.path() / "a.journal", archive);
    CHECK(platform::count_in_one_sequence(place));
    SUBCASE("of another journald") {
        add(writer, 2);
        writer.commit("c.journal");
        CHECK_FALSE(platform::count_in_one_sequence(place));
    }
    SUBCASE("cut short") {
        fs::resize_file(archive, 80);
        CHECK_FALSE(platform::count_in_one_sequence(place));
    }
    SUBCASE("no file") {
        fs::remove(archive);
        fs::create_directory(archive);
        CHECK_FALSE(platform::count_in_one_sequence(place));
    }
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

TEST_CASE("SdJournal: garbage beside it does no harm, garbage alone is no journal to read") {
    const TemporaryDirectory directory;
    std::ofstream{directory.path() / "empty.journal"} << "";
    std::ofstream{directory.path() / "garbage.journal"} << std::string(1'000'000, '\xA5');
    auto alone = SdJournal::open({.directory = directory.path()});
    REQUIRE(alone);
    CHECK(rest(*alone).empty());
    JournalWriter writer{directory.path()};
    add(writer, 1);
    writer.commit();
    auto beside = SdJournal::open({.directory = directory.path()});
    REQUIRE(beside->seek_head());
    CHECK(rest(*beside) == Messages{"1"});
}

TEST_CASE("SdJournal: no files is absent") {
    const TemporaryDirectory directory;
    for (const auto& path : {directory.path(), directory.path() / "none"}) {
        const auto journal = SdJournal::open({.directory = path});
        REQUIRE_FALSE(journal);
        CHECK(journal.error().code == Errc::absent);
    }
    const auto host = SdJournal::open({.root = directory.path()});
    REQUIRE_FALSE(host);
    CHECK(host.error().code == Errc::absent);
}

TEST_CASE("SdJournal: the journal of a host below another root is found by its machine") {
    const TemporaryDirectory root;
    const auto machine = root.path() / "var/log/journal/0123456789abcdef0123456789abcdef";
    JournalWriter writer{machine};
    add(writer, 1);
    writer.commit();
    auto journal = SdJournal::open({.root = root.path()});
    REQUIRE(journal);
    REQUIRE(journal->seek_head());
    CHECK(rest(*journal) == Messages{"1"});
}

TEST_CASE("SdJournal: files that may not be read are denied with the command that helps" *
          doctest::test_suite("root") * doctest::skip(::geteuid() != 0)) {
    const TemporaryDirectory directory;
    REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
    JournalWriter writer{directory.path()};
    add(writer, 1);
    writer.commit();
    const auto file = directory.path() / "system.journal";
    REQUIRE(::chmod(file.c_str(), 0640) == 0);
    CHECK(opened_by_nobody(directory.path()) == Errc::denied);
    add(writer, 2);
    writer.commit("user-65534.journal");  // our own file alone is not enough
    REQUIRE(::chmod((directory.path() / "user-65534.journal").c_str(), 0644) == 0);
    CHECK(opened_by_nobody(directory.path()) == Errc::denied);
    REQUIRE(::chmod(directory.path().c_str(), 0700) == 0);
    CHECK(opened_by_nobody(directory.path()) == Errc::denied);
}
