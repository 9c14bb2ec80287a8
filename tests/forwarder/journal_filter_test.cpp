#include "forwarder/journal_filter.h"

#include <doctest/doctest.h>

using namespace paws::forwarder;

using Lists = std::vector<std::vector<std::string>>;

TEST_CASE("journal filter: without a wish journald is asked for everything") {
    CHECK(JournalFilter{}.takes_all());
    CHECK(match_lists({}).empty());
    CHECK(wants_unit({}, "a.service"));
    CHECK(wants_unit({}, ""));
}

TEST_CASE("journal filter: units by name are matched by journald, with what the manager says") {
    const JournalFilter filter{.units = {"a.service", "b.service"}, .identifiers = {}};
    CHECK_FALSE(filter.takes_all());
    CHECK(match_lists(filter) == Lists{{"_SYSTEMD_UNIT=a.service", "_SYSTEMD_UNIT=b.service"},
                                       {"UNIT=a.service", "UNIT=b.service", "_PID=1"}});
    CHECK(wants_unit(filter, "a.service"));
    CHECK_FALSE(wants_unit(filter, "c.service"));
    CHECK_FALSE(wants_unit(filter, ""));
    CHECK_FALSE(wants_unit(filter, "a.service.d"));
}

TEST_CASE("journal filter: globs are looked at here, journald would take them for names") {
    const JournalFilter filter{.units = {"actions.runner.*", "a.service"}, .identifiers = {}};
    CHECK(match_lists(filter).empty());
    CHECK(wants_unit(filter, "actions.runner.acme.one.service"));
    CHECK(wants_unit(filter, "a.service"));
    CHECK_FALSE(wants_unit(filter, "b.service"));
    CHECK(wants_unit({.units = {"[ab].service"}, .identifiers = {}}, "b.service"));
    CHECK_FALSE(wants_unit({.units = {"?.service"}, .identifiers = {}}, "ab.service"));
    CHECK(wants_unit({.units = {"*"}, .identifiers = {}}, ""));
}

TEST_CASE("journal filter: identifiers are matched by journald, alone and beside units") {
    CHECK(match_lists({.units = {}, .identifiers = {"sudo", "sshd"}}) ==
          Lists{{"SYSLOG_IDENTIFIER=sudo", "SYSLOG_IDENTIFIER=sshd"}});
    CHECK(match_lists({.units = {"a*"}, .identifiers = {"sudo"}}) ==
          Lists{{"SYSLOG_IDENTIFIER=sudo"}});
    CHECK(match_lists({.units = {"a.service"}, .identifiers = {"sudo"}}) ==
          Lists{{"SYSLOG_IDENTIFIER=sudo", "_SYSTEMD_UNIT=a.service"},
                {"SYSLOG_IDENTIFIER=sudo", "UNIT=a.service", "_PID=1"}});
}

TEST_CASE("journal filter: priorities are matched by journald, alone and beside the others") {
    CHECK_FALSE(JournalFilter{.least = Priority::info}.takes_all());
    CHECK(match_lists({.least = Priority::alert}) == Lists{{"PRIORITY=0", "PRIORITY=1"}});
    CHECK(
        match_lists({.units = {"a.service"}, .identifiers = {"sudo"}, .least = Priority::emerg}) ==
        Lists{{"SYSLOG_IDENTIFIER=sudo", "PRIORITY=0", "_SYSTEMD_UNIT=a.service"},
              {"SYSLOG_IDENTIFIER=sudo", "PRIORITY=0", "UNIT=a.service", "_PID=1"}});
    CHECK(match_lists({.least = Priority::debug}).empty());
}

TEST_CASE("journal filter: a glob is told from a name") {
    CHECK(is_glob("a*"));
    CHECK(is_glob("a?"));
    CHECK(is_glob("[a]"));
    CHECK_FALSE(is_glob("a.service"));
    CHECK_FALSE(is_glob(""));
}
