#include "platform/unique_fd.h"
#include "tests/forwarder/journal_rig.h"
#include "tests/support/journal_damage.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <doctest/doctest.h>
#include <fcntl.h>

using namespace paws;
using namespace paws::forwarder;
namespace fs = std::filesystem;

namespace {

// 1 to 5, 6 to 8 and 9 to 10, each in a file of its own.
void write_three_files(JournalRig& rig) {
    rig.add_numbers(1, 5, "one.journal");
    rig.begin_file("two.journal", "one.journal");
    rig.add_numbers(6, 8, "two.journal");
    rig.begin_file("three.journal", "two.journal");
    rig.add_numbers(9, 10, "three.journal");
}

void read_lines(JournalRig& rig, std::size_t count) {
    rig.bounds.entries = count;
    rig.open();
    REQUIRE(rig.read_once() == Read::more);
    REQUIRE(rig.take_lines().size() == count);
}

// As journald removes a file, also for those who have it open.
void wipe(const fs::path& file) {
    const auto size = fs::file_size(file);
    const platform::UniqueFd open{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
    fs::remove(file);
    REQUIRE(::fallocate(open.get(),
                        FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        0,
                        static_cast<off_t>(size)) == 0);
}

Roster roster(WallTime heard_to, const std::optional<JobIdentity>& identity = {}) {
    RosterRunner runner{
        .name = "acme.one", .unit = runner_unit, .root = "", .heard_to = heard_to, .jobs = {}};
    if (identity) {
        runner.jobs.push_back({.begin = eight, .end = {}, .name = "build", .identity = identity});
    }
    return {{runner}};
}

}  // namespace

TEST_CASE("journal gaps: what was removed while nobody read is counted, to the line") {
    JournalRig rig;
    write_three_files(rig);
    read_lines(rig, 2);
    rig.source.reset();
    fs::remove(rig.file("one.journal"));  // with 3 to 5
    fs::remove(rig.file("two.journal"));
    CHECK(rig.reopen_and_read() == numbers(9, 10));
    CHECK(rig.gaps() == 1);
    CHECK(rig.lost(LogLoss::vacuumed) == 6);
    CHECK(rig.reopen_and_read().empty());
    CHECK(rig.gaps() == 1);
}

TEST_CASE("journal gaps: what journald writes to the files of users is no gap") {
    JournalRig rig;
    std::array<std::string, 2> files{"system.journal", "user-1000.journal"};
    rig.add_numbers(1, 1, files[0]);
    rig.bounds.entries = 5;  // some reads begin and end in one file
    rig.open();
    CHECK(rig.read() == numbers(1, 1));
    const auto alternate = [&](int first, int last) {
        for (int number = first; number <= last; number += 2) {
            rig.number_on(files[1], files[0]);
            rig.add_numbers(number, number + 1, files[1]);
            std::swap(files[0], files[1]);
        }
    };
    alternate(2, 20);
    REQUIRE(rig.source->process());
    CHECK(rig.read() == numbers(2, 21));
    alternate(22, 30);
    CHECK(rig.reopen_and_read() == numbers(22, 31));
    rig.begin_file("rotated.journal", files[0]);
    files[0] = "rotated.journal";
    alternate(32, 40);
    CHECK(rig.reopen_and_read() == numbers(32, 41));
    CHECK(rig.intake.counts().lost.empty());
    CHECK(rig.gaps() == 0);
}

TEST_CASE("journal gaps: what was removed while it is open is counted, to the line") {
    JournalRig rig;
    write_three_files(rig);
    read_lines(rig, 5);
    fs::remove(rig.file("two.journal"));
    REQUIRE(rig.source->process());
    CHECK(rig.read() == numbers(9, 10));
    CHECK(rig.gaps() == 1);
    CHECK(rig.lost(LogLoss::vacuumed) == 3);
}

TEST_CASE("journal gaps: what is wiped under the reader is counted, once and as what it is") {
    for (const bool filtered : {false, true}) {
        for (const std::size_t entries : {1U, 2U, 20U, 39U, 70U}) {
            CAPTURE(filtered);
            CAPTURE(entries);
            JournalRig rig;
            rig.filter.units = filtered ? Texts{"a.service"} : Texts{};
            rig.add_numbers(1, 100, "one.journal");
            rig.begin_file("two.journal", "one.journal");
            rig.add_numbers(101, 150, "two.journal");
            rig.begin_file("three.journal", "two.journal");
            rig.add_numbers(151, 160, "three.journal");
            read_lines(rig, entries);
            wipe(rig.file("one.journal"));
            wipe(rig.file("two.journal"));
            CHECK(rig.read() == numbers(151, 160));
            CHECK(rig.gaps() == 1);
            CHECK(rig.lost(LogLoss::vacuumed) == (filtered ? 0 : 150 - entries));
            CHECK(rig.lost(LogLoss::unreadable) == 0);
        }
    }
}

TEST_CASE("journal gaps: zeros are a line's own, unless its file is just being wiped") {
    for (const bool wiped : {false, true}) {
        CAPTURE(wiped);
        JournalRig rig;
        rig.add(1);
        rig.add(2, {{"MESSAGE", std::string("4\0\0", 3)}});
        rig.add(3);
        rig.writer.commit("one.journal");
        rig.begin_file("two.journal", "one.journal");
        rig.add_numbers(4, 6, "two.journal");
        read_lines(rig, 1);
        rig.bounds.entries = 500;
        if (wiped) {
            fs::remove(rig.file("one.journal"));  // nobody has noticed it yet
        }
        CHECK(rig.read().size() == (wiped ? 3 : 5));
        CHECK(rig.lost(LogLoss::unreadable) == (wiped ? 1 : 0));
        CHECK(rig.lost(LogLoss::vacuumed) == (wiped ? 1 : 0));
    }
}

TEST_CASE("journal gaps: what is damaged was not removed where files are only renamed") {
    JournalRig rig;
    rig.add_numbers(1, 10, "old.journal");
    rig.begin_file("system.journal", "old.journal");
    rig.add_numbers(11, 20, "system.journal");
    change_entries(rig.file("old.journal"), EntryField::number, [](std::size_t at, auto number) {
        return at == 5 ? number + (std::uint64_t{1} << 40U) : number;
    });
    read_lines(rig, 3);
    fs::rename(rig.file("old.journal"), rig.file("older.journal"));
    const auto hidden = 17 - as_set(rig.read()).size();
    CHECK(hidden > 0);
    rig.add_numbers(21, 22, "system.journal");
    REQUIRE(rig.source->process());
    CHECK(rig.read().size() == 2);
    CHECK(rig.lost(LogLoss::unreadable) == hidden + 1);  // the wild one comes late
    CHECK(rig.lost(LogLoss::vacuumed) == 0);
    CHECK(rig.gaps() == 0);
}

TEST_CASE("journal gaps: none is counted when only what was read is removed") {
    JournalRig rig;
    write_three_files(rig);
    read_lines(rig, 5);
    fs::remove(rig.file("one.journal"));
    REQUIRE(rig.source->process());
    CHECK(rig.read_once() == Read::more);
    CHECK(rig.take_lines() == numbers(6, 10));
    fs::remove(rig.file("two.journal"));
    CHECK(rig.reopen_and_read().empty());
    CHECK(rig.gaps() == 0);
    CHECK(rig.lost(LogLoss::vacuumed) == 0);
}

TEST_CASE("journal gaps: another count of entries is no gap that could be measured") {
    JournalRig rig;
    rig.add_numbers(1, 3, "one.journal");
    rig.open();
    CHECK(rig.read() == numbers(1, 3));
    rig.add_numbers(40, 42, "other.journal");  // with an id of its own
    fs::remove(rig.file("one.journal"));
    CHECK(rig.reopen_and_read() == numbers(40, 42));
    CHECK(rig.lost(LogLoss::vacuumed) == 0);
}

TEST_CASE("journal gaps: with a filter there is a gap, and nobody knows how large") {
    JournalRig rig;
    rig.filter.units = {"a.service"};
    write_three_files(rig);
    read_lines(rig, 2);
    rig.source.reset();
    fs::remove(rig.file("one.journal"));
    CHECK(rig.reopen_and_read() == numbers(6, 10));
    CHECK(rig.gaps() == 1);
    CHECK(rig.lost(LogLoss::vacuumed) == 0);
}

TEST_CASE(
    "journal gaps: without the filter that was it is counted from the last line that passed") {
    JournalRig rig;
    rig.filter.units = {"a.service"};
    const JournalWriter::Fields of_another{{"_SYSTEMD_UNIT", "b.service"}};
    rig.add(1);
    rig.add(2, of_another);
    rig.add(3, of_another);
    rig.writer.commit("one.journal");
    rig.begin_file("two.journal", "one.journal");
    rig.add(4, of_another);
    rig.writer.commit("two.journal");
    CHECK(rig.reopen_and_read() == numbers(1, 1));
    rig.filter = {};
    SUBCASE("what is there is shipped back to it") {
        CHECK(rig.reopen_and_read() == numbers(2, 4));
        CHECK(rig.gaps() == 0);
    }
    SUBCASE("what is not counts as lost, though nobody wanted it") {
        fs::remove(rig.file("one.journal"));
        CHECK(rig.reopen_and_read() == numbers(4, 4));
        CHECK(rig.gaps() == 0);  // its number may be damaged: the next one shows it
        rig.add(5, of_another);
        rig.writer.commit("two.journal");
        REQUIRE(rig.source->process());
        CHECK(rig.read() == Texts{"5"});
        CHECK(rig.gaps() == 1);
        CHECK(rig.lost(LogLoss::vacuumed) == 2);
    }
}

TEST_CASE("journal source: a runner's line waits for its job to become known, others behind it") {
    JournalRig rig;
    rig.add(1);
    rig.add(2, {{"_SYSTEMD_UNIT", runner_unit}});
    rig.add(3);
    rig.writer.commit();
    rig.now = eight + 3s;
    rig.roster = roster(eight + 1s);
    rig.open();
    CHECK(rig.read_once() == Read::held);
    CHECK(rig.take_lines() == numbers(1, 1));
    CHECK(rig.position.read == eight + 1s);
    CHECK(rig.read_once() == Read::held);
    CHECK(rig.batch.empty());
    rig.roster = roster(eight + 3s);
    CHECK(rig.read() == numbers(2, 3));
}

TEST_CASE("journal source: a runner's first line of all can wait, too") {
    for (const auto at : {Beginning::At::oldest, Beginning::At::time}) {
        JournalRig rig;
        rig.add(1, {{"_SYSTEMD_UNIT", runner_unit}});
        rig.writer.commit();
        rig.now = eight + 1s;
        rig.roster = roster(eight);
        rig.open({.at = at, .time = eight});
        CHECK(rig.read_once() == Read::held);
        CHECK(rig.read_once() == Read::held);
        CHECK(rig.batch.empty());
        CHECK(rig.position.cursor.empty());
        rig.now = eight + 1s + rig.bounds.patience_for_job;
        CHECK(rig.read() == numbers(1, 1));
    }
}

TEST_CASE("journal source: a runner's line waits no longer than it is worth") {
    JournalRig rig;
    rig.add(1, {{"_SYSTEMD_UNIT", runner_unit}});
    rig.writer.commit();
    rig.roster = roster(eight);
    const auto read_at = [&](WallTime now) {
        rig.now = now;
        rig.position = {};
        rig.open();
        return rig.read();
    };
    CHECK(read_at(eight + 1s).empty());
    CHECK(read_at(eight + 1s + rig.bounds.patience_for_job - 1ms).empty());
    CHECK(read_at(eight + 1s + rig.bounds.patience_for_job) == numbers(1, 1));
    CHECK(read_at(eight + 1s - 1ms).empty());  // logged while others were read
    // A clock that was set back holds nothing up.
    CHECK(read_at(eight + 1s - rig.bounds.patience_for_job) == numbers(1, 1));
    rig.roster = roster(eight + 2s, JobIdentity{});
    CHECK(read_at(eight + 1s) == numbers(1, 1));
}
