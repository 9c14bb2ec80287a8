#include "forwarder/journal_source.h"

#include "tests/forwarder/journal_rig.h"

#include <random>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

TEST_CASE("journal source: begins with the oldest, with what comes from now on, or at a time") {
    using At = Beginning::At;
    JournalRig oldest;
    oldest.add_numbers(1, 5, "system.journal");
    oldest.open({.at = At::oldest});
    CHECK(oldest.read() == numbers(1, 5));
    JournalRig now;
    now.add_numbers(1, 5, "system.journal");
    now.open({.at = At::now});
    CHECK(now.read().empty());
    now.add_numbers(6, 7, "system.journal");
    CHECK(now.read() == numbers(6, 7));
    JournalRig time;
    time.add_numbers(1, 5, "system.journal");
    time.open({.at = At::time, .time = eight + 3s});
    CHECK(time.read() == numbers(3, 5));
}

TEST_CASE("journal source: beginning now is a place to go on from, also before the first line") {
    JournalRig rig;
    rig.add_numbers(1, 5, "system.journal");
    rig.open({.at = Beginning::At::now});
    rig.source->tell(rig.position);
    CHECK_FALSE(rig.position.cursor.empty());
    CHECK(rig.position.read == eight + 5s);
    rig.add_numbers(6, 6, "system.journal");
    CHECK(rig.reopen_and_read() == numbers(6, 6));
}

TEST_CASE("journal source: goes on after its position, in files that came later as well") {
    JournalRig rig;
    rig.add_numbers(1, 3, "system.journal");
    rig.open();
    CHECK(rig.read() == numbers(1, 3));
    CHECK(rig.source->read_to() == eight + 3s);
    CHECK(rig.read().empty());
    rig.add_numbers(4, 4, "system.journal");
    CHECK(rig.read() == numbers(4, 4));
    rig.begin_file("other.journal", "system.journal");
    rig.add_numbers(5, 6, "other.journal");
    REQUIRE(rig.source->process());
    CHECK(rig.read() == numbers(5, 6));
    CHECK(rig.reopen_and_read().empty());
    rig.add_numbers(7, 7, "other.journal");
    CHECK(rig.reopen_and_read() == numbers(7, 7));
    CHECK(rig.gaps() == 0);
    CHECK(rig.intake.counts().read.at(LogSource::journal) == 7);
}

TEST_CASE("journal source: a read is bounded by its entries and by the batch") {
    JournalRig rig;
    rig.add_numbers(1, 10, "system.journal");
    rig.bounds.entries = 4;
    rig.open();
    CHECK(rig.read_once() == Read::more);
    CHECK(rig.take_lines() == numbers(1, 4));
    rig.batch_bounds.lines = 3;
    CHECK(rig.read_once() == Read::full);
    CHECK(rig.read_once() == Read::full);
    CHECK(rig.take_lines() == numbers(5, 7));
    rig.batch_bounds.lines = 100;
    CHECK(rig.read_once() == Read::caught_up);
    CHECK(rig.take_lines() == numbers(8, 10));
}

namespace {

// 120 lines over three files, every third of them a runner's.
void write_three_files(JournalRig& rig) {
    for (int number = 1; number <= 120; ++number) {
        rig.add(number, {{"_SYSTEMD_UNIT", number % 3 == 0 ? runner_unit : "a.service"}});
        if (number == 40) {
            rig.writer.commit("first.journal");
            rig.begin_file("second.journal", "first.journal");
        }
        if (number == 80) {
            rig.writer.commit("second.journal");
            rig.begin_file("third.journal", "second.journal");
        }
    }
    rig.writer.commit("third.journal");
}

}  // namespace

TEST_CASE("journal source: no line comes twice and none is missing, wherever reading stops") {
    JournalRig rig;
    rig.roster.runners.push_back(
        {.name = "acme.one", .unit = runner_unit, .root = "", .heard_to = {}, .jobs = {}});
    rig.step = 1ms;
    rig.bounds.patience_for_job = 5s;
    write_three_files(rig);
    int held = 0;
    for (unsigned seed = 0; seed < 15; ++seed) {
        std::mt19937 random{seed};
        INFO("seed ", seed);
        rig.position = {};
        rig.now = eight + 1s;
        rig.roster.runners[0].heard_to = {};
        rig.open();
        Texts lines;
        for (auto outcome = Read::more; outcome != Read::caught_up;) {
            rig.bounds.entries = 1 + random() % 7;  // when it is opened anew
            rig.batch_bounds.lines = 1 + random() % 5;
            outcome = rig.read_once();
            const auto more = rig.take_lines();
            lines.insert(lines.end(), more.begin(), more.end());
            held += outcome == Read::held ? 1 : 0;
            if (outcome == Read::held && random() % 2 == 0) {
                rig.roster.runners[0].heard_to = eight + rig.step * (lines.size() + random() % 20);
            }
            rig.now += std::chrono::milliseconds{random() % 250};
            if (random() % 4 == 0) {
                rig.open();
            }
        }
        REQUIRE(lines == numbers(1, 120));
    }
    CHECK(held > 50);
    CHECK(rig.gaps() == 0);
}

TEST_CASE("journal source: entries without a message are passed over, odd messages are not") {
    JournalRig rig;
    rig.add(1, {{"MESSAGE", "none"}});
    rig.add(2, {{"MESSAGE", ""}});
    rig.add(3, {{"MESSAGE", std::string{"a\0b", 3}}});
    rig.add(4, {{"MESSAGE", "\xFF\xC3\xA4\xFE"}});
    rig.add(5, {{"MESSAGE", "two\nlines"}});
    rig.add(6, {{"MESSAGE", std::string(500'000, 'x')}});
    rig.add(7, {{"MESSAGE", "none"}});
    rig.writer.commit();
    rig.open();
    const auto lines = rig.read();
    REQUIRE(lines.size() == 7);
    CHECK(lines[0].empty());
    CHECK(lines[1] == std::string{"a\0b", 3});
    CHECK(lines[2] == "\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD");
    CHECK(lines[3] == "two\nlines");
    CHECK(lines[4] + lines[5] + lines[6] == std::string(500'000, 'x'));
    CHECK(rig.position.read == eight + 7s);  // so that it is not looked at again
}

TEST_CASE("journal source: what journald dropped is counted by its own word only") {
    JournalRig rig;
    const std::string dropped = "a596d6fe7bfa4994828e72309e95d61e";
    rig.add(1, {{"_TRANSPORT", "driver"}, {"MESSAGE_ID", dropped}, {"N_DROPPED", "17"}});
    rig.add(2, {{"_TRANSPORT", "journal"}, {"MESSAGE_ID", dropped}, {"N_DROPPED", "1000"}});
    rig.writer.commit();
    rig.open();
    CHECK(rig.read() == numbers(1, 2));
    CHECK(rig.lost(LogLoss::suppressed) == 17);
}

TEST_CASE("journal source: only units and identifiers that are wanted are read") {
    const auto lines_of = [](const JournalFilter& filter) {
        JournalRig rig;
        rig.add(1, {{"PRIORITY", "6"}});
        rig.add(2, {{"_SYSTEMD_UNIT", "b.service"}, {"SYSLOG_IDENTIFIER", "sudo"}});
        rig.add(3,
                {{"_SYSTEMD_UNIT", "init.scope"},
                 {"_PID", "1"},
                 {"UNIT", "a.service"},
                 {"PRIORITY", "4"}});
        rig.add(4, {{"_SYSTEMD_UNIT", "evil.service"}, {"_PID", "66"}, {"UNIT", "a.service"}});
        rig.add(5, {{"_SYSTEMD_UNIT", runner_unit}, {"SYSLOG_IDENTIFIER", "runsvc.sh"}});
        rig.add(6, {{"_SYSTEMD_UNIT", "none"}, {"_TRANSPORT", "kernel"}, {"PRIORITY", "3"}});
        rig.writer.commit();
        rig.filter = filter;
        rig.open();
        return rig.read();
    };
    CHECK(lines_of({}) == numbers(1, 6));
    CHECK(lines_of({.units = {"a.service"}, .identifiers = {}}) == Texts{"1", "3"});
    CHECK(lines_of({.units = {"a*"}, .identifiers = {}}) == Texts{"1", "3", "5"});
    CHECK(lines_of({.units = {"actions.runner.*", "b.service"}, .identifiers = {}}) ==
          Texts{"2", "5"});
    CHECK(lines_of({.units = {}, .identifiers = {"sudo"}}) == Texts{"2"});
    CHECK(lines_of({.units = {"*.service"}, .identifiers = {"sudo", "runsvc.sh"}}) ==
          Texts{"2", "5"});
    CHECK(lines_of({.units = {"a.service"}, .identifiers = {"sudo"}}).empty());
    CHECK(lines_of({.least = Priority::err}) == Texts{"6"});
    CHECK(lines_of({.least = Priority::crit}).empty());
    CHECK(lines_of({.units = {"a.service"}, .identifiers = {}, .least = Priority::info}) ==
          Texts{"1", "3"});
}

TEST_CASE("journal source: without a journal it says so, and opens when there is one") {
    JournalRig rig;
    rig.source.emplace(
        rig.intake, platform::JournalPlace{.directory = rig.directory.path()}, rig.filter);
    CHECK_FALSE(rig.source->open({}, {}, rig.now));
    CHECK_FALSE(rig.source->is_open());
    rig.add_numbers(1, 2, "system.journal");
    REQUIRE(rig.source->open({}, {.at = Beginning::At::oldest}, rig.now));
    CHECK(rig.read() == numbers(1, 2));
    CHECK_FALSE(rig.source->open({.cursor = "no cursor"}, {}, rig.now));
    CHECK_FALSE(rig.source->is_open());
}
