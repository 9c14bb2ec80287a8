#include "platform/sd_journal_access.h"

#include "tests/platform/journal_texts.h"
#include "tests/support/journal_writer.h"
#include "tests/support/temporary_directory.h"

#include <fstream>
#include <vector>

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace paws;
using namespace std::chrono_literals;
using namespace paws::platform;
namespace fs = std::filesystem;

namespace {

constexpr uid_t nobody = 65534;

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
    "SdJournal: a directory that comes later, or comes back, is missed until it is opened anew") {
    const TemporaryDirectory root;
    const auto in_memory = root.path() / "run/log/journal";
    const auto on_disk = root.path() / "var/log/journal";
    JournalWriter writer{machine_directory(in_memory)};
    add(writer, 1);
    writer.commit();
    const JournalPlace place{.root = root.path()};
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

TEST_CASE("SdJournal: files count in one sequence, unless one began anew or cannot be read") {
    const TemporaryDirectory directory;
    const JournalPlace place{.directory = directory.path()};
    CHECK_FALSE(platform::take_census(place).one_sequence);
    JournalWriter writer{directory.path()};
    add(writer, 1);
    writer.commit("a.journal");
    CHECK(platform::take_census(place).one_sequence);
    fs::create_directory(directory.path() / "machine");
    const auto archive = directory.path() / "machine/b.journal~";  // in libsystemd's eyes as well
    fs::copy_file(directory.path() / "a.journal", archive);
    CHECK(platform::take_census(place).one_sequence);
    SUBCASE("of another journald") {
        add(writer, 2);
        writer.commit("c.journal");
        CHECK_FALSE(platform::take_census(place).one_sequence);
    }
    SUBCASE("cut short") {
        fs::resize_file(archive, 80);
        CHECK_FALSE(platform::take_census(place).one_sequence);
    }
    SUBCASE("no file") {
        fs::remove(archive);
        fs::create_directory(archive);
        CHECK_FALSE(platform::take_census(place).one_sequence);
    }
}

TEST_CASE(
    "SdJournal: a census tells files that went from those that were renamed or took a place") {
    const TemporaryDirectory directory;
    const JournalPlace place{.directory = directory.path()};
    JournalWriter writer{directory.path()};
    add(writer, 1);
    writer.commit("system.journal");
    const auto before = platform::take_census(place);
    CHECK_FALSE(before.lacks_any_of(before));
    fs::rename(directory.path() / "system.journal", directory.path() / "system@1.journal");
    add(writer, 2);
    writer.commit("system.journal");
    const auto rotated = platform::take_census(place);
    CHECK_FALSE(rotated.lacks_any_of(before));
    CHECK(before.lacks_any_of(rotated));
    SUBCASE("removed") {
        fs::remove(directory.path() / "system@1.journal");
    }
    SUBCASE("another has its name") {
        fs::copy_file(directory.path() / "system.journal", directory.path() / "copy");
        fs::rename(directory.path() / "copy", directory.path() / "system@1.journal");
    }
    SUBCASE("all of them") {
        fs::remove_all(directory.path());
    }
    CHECK(platform::take_census(place).lacks_any_of(rotated));
}

TEST_CASE("SdJournal: a census tells when the first entry was taken of the files that came") {
    const TemporaryDirectory directory;
    const JournalPlace place{.directory = directory.path()};
    JournalWriter writer{directory.path()};
    add(writer, 1);
    writer.commit("a.journal");
    const auto before = platform::take_census(place);
    CHECK(before.first_since(before) == std::nullopt);
    CHECK(before.first_since({}).has_value());
    writer.commit("b.journal");  // without an entry
    const auto empty = platform::take_census(place);
    CHECK(empty.first_since(before) == std::nullopt);
    add(writer, 3);
    add(writer, 4);
    writer.commit("b.journal");
    add(writer, 2);
    writer.commit("c.journal");
    const auto both = platform::take_census(place);
    CHECK(both.first_since(empty) == eight + 2s);
    CHECK(both.first_since(both) == std::nullopt);
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
