#include "forwarder/journal_entry.h"

#include <doctest/doctest.h>

using paws::forwarder::JournalEntry;

namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

JournalEntry entry(const Fields& fields) {
    JournalEntry made;
    for (const auto& [field, value] : fields) {
        made.see(std::string{field} + "=" + std::string{value});
    }
    return made;
}

constexpr std::string_view dropped = "a596d6fe7bfa4994828e72309e95d61e";
constexpr std::string_view missed = "e9bf28e6e834481bb6f48f548ad13606";

}  // namespace

TEST_CASE("journal entry: takes the fields it needs and no others, and forgets them all") {
    auto full = entry({{"MESSAGE", "hello"},
                       {"PRIORITY", "3"},
                       {"_PID", "12"},
                       {"_SYSTEMD_UNIT", "a.service"},
                       {"UNIT", "b.service"},
                       {"_TRANSPORT", "stdout"},
                       {"_STREAM_ID", "s"},
                       {"SYSLOG_IDENTIFIER", "a"},
                       {"MESSAGE_ID", "m"},
                       {"N_DROPPED", "3"},
                       {"MESSAG", "x"},
                       {"_MESSAGE", "x"},
                       {"PID", "x"},
                       {"SYSTEMD_UNIT", "x"},
                       {"_UNIT", "x"},
                       {"__PID", "x"},
                       {"", ""},
                       {"_CMDLINE", "secret"}});
    for (const auto* none : {"", "_", "M", "MESSAGE", "_PID"}) {
        full.see(none);
    }
    CHECK(full.message == "hello");
    CHECK(full.has_message);
    CHECK(full.priority == "3");
    CHECK(full.pid == "12");
    CHECK(full.unit == "a.service");
    CHECK(full.about == "b.service");
    CHECK(full.transport == "stdout");
    CHECK(full.stream == "s");
    CHECK(full.dropped == "3");
    CHECK(full.identifier == "a");
    CHECK(full.message_id == "m");
    full.whole = false;
    full.clear();
    CHECK_FALSE(full.has_message);
    CHECK(full.whole);
    CHECK((full.message + full.unit + full.about + full.priority + full.pid + full.transport +
           full.identifier + full.stream + full.message_id + full.dropped)
              .empty());
    CHECK(entry({{"MESSAGE", ""}}).has_message);
}

TEST_CASE("journal entry: belongs to the unit that the manager speaks of, by its word alone") {
    CHECK(entry({{"_SYSTEMD_UNIT", "a.service"}, {"_PID", "12"}}).subject() == "a.service");
    CHECK(
        entry({{"_SYSTEMD_UNIT", "init.scope"}, {"_PID", "1"}, {"UNIT", "a.service"}}).subject() ==
        "a.service");
    CHECK(entry({{"_SYSTEMD_UNIT", "init.scope"}, {"_PID", "1"}}).subject() == "init.scope");
    const auto forged = entry(
        {{"_SYSTEMD_UNIT", "evil.service"}, {"_PID", "12"}, {"UNIT", "actions.runner.x.service"}});
    CHECK(forged.subject() == "evil.service");
    CHECK(entry({{"_PID", "12"}, {"UNIT", "a.service"}}).subject().empty());
    CHECK(entry({{"UNIT", "a.service"}}).subject().empty());
    CHECK(entry({{"_TRANSPORT", "kernel"}, {"_PID", "1"}, {"UNIT", "a.service"}}).subject() ==
          "kernel");
}

TEST_CASE("journal entry: writers whose lines come mixed are told apart by their stream") {
    const auto streamed = entry({{"_SYSTEMD_UNIT", "a"}, {"_PID", "1"}, {"_STREAM_ID", "s1"}});
    CHECK(streamed.writer().key() == "s1/");
    CHECK(entry({{"_SYSTEMD_UNIT", "a"}, {"_PID", "1"}}).writer().key() == "a/1");
    // Each call of logger(1) has a pid of its own; one Docker writes for all containers.
    CHECK(entry({{"_SYSTEMD_UNIT", "a"}, {"_PID", "1"}, {"SYSLOG_IDENTIFIER", "backup"}})
              .writer()
              .key() == "a/backup");
}

TEST_CASE("journal entry: what journald dropped is its own word only") {
    CHECK(entry({{"_TRANSPORT", "driver"}, {"MESSAGE_ID", dropped}, {"N_DROPPED", "1204"}})
              .dropped_messages() == 1204);
    CHECK(entry({{"_TRANSPORT", "driver"},
                 {"MESSAGE_ID", missed},
                 {"MESSAGE", "Missed 17 kernel messages"}})
              .dropped_messages() == 17);
    for (const auto* transport : {"journal", "stdout", "syslog", "kernel", ""}) {
        CHECK(entry({{"_TRANSPORT", transport}, {"MESSAGE_ID", dropped}, {"N_DROPPED", "1204"}})
                  .dropped_messages() == 0);
    }
    CHECK(entry({{"_TRANSPORT", "driver"}, {"MESSAGE_ID", "x"}, {"N_DROPPED", "3"}})
              .dropped_messages() == 0);
    CHECK(entry({{"_TRANSPORT", "driver"}, {"N_DROPPED", "3"}}).dropped_messages() == 0);
    for (const auto* odd : {"", "many", "-1", "99999999999999999999999"}) {
        CHECK(entry({{"_TRANSPORT", "driver"}, {"MESSAGE_ID", dropped}, {"N_DROPPED", odd}})
                  .dropped_messages() == 1);  // at least one
    }
    CHECK(entry({{"_TRANSPORT", "driver"}, {"MESSAGE_ID", missed}, {"MESSAGE", "Missed"}})
              .dropped_messages() == 1);
}
