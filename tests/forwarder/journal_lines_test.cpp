#include "forwarder/journal_lines.h"

#include "core/text.h"
#include "tests/forwarder/push_reader.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};
const std::string runner_unit = "actions.runner.acme.one.service";

struct Made {
    std::string labels;
    std::string line;
    pushed::Metadata metadata;

    std::string of(std::string_view name) const {
        for (const auto& [each, value] : metadata) {
            if (each == name) {
                return value;
            }
        }
        return "";
    }
};

struct Rig {
    Intake intake;
    JournalLines lines;
    Roster roster;

    explicit Rig(std::size_t most_streams = 500, JournalFilter filter = {})
        : intake{Streams{{}, most_streams}, *Redactor::create()},
          lines{intake, std::move(filter)} {}

    std::optional<Made> make(const std::vector<std::pair<std::string, std::string>>& fields) {
        JournalEntry entry;
        for (const auto& [name, value] : fields) {
            entry.see(std::string{name}.append("=").append(value));
        }
        Batch batch;
        lines.take(batch, entry, noon, roster);
        if (batch.empty()) {
            return std::nullopt;
        }
        const auto decoded = batch.decode(batch.items()[0]);
        Made made{.labels = intake.streams().labels(batch.items()[0].stream),
                  .line = std::string{decoded.line},
                  .metadata = {}};
        for (const auto& [name, value] : decoded.metadata) {
            made.metadata.emplace_back(name, value);
        }
        return made;
    }
};

}  // namespace

TEST_CASE("journal lines: a line is filed under its unit and level, and tells who wrote it") {
    Rig rig;
    const auto made = rig.make({{"MESSAGE", "hello"},
                                {"PRIORITY", "4"},
                                {"_SYSTEMD_UNIT", "ssh.service"},
                                {"_PID", "12"},
                                {"SYSLOG_IDENTIFIER", "sshd"}});
    REQUIRE(made);
    CHECK(made->labels == R"({job="journal", level="warning", unit="ssh.service"})");
    CHECK(made->line == "hello");
    CHECK(made->metadata == pushed::Metadata{{"pid", "12"}, {"identifier", "sshd"}});
    CHECK(rig.make({{"MESSAGE", "x"}})->labels == R"({job="journal", level="info"})");
    CHECK(rig.make({{"MESSAGE", "x"}, {"_TRANSPORT", "kernel"}})->labels ==
          R"({job="journal", level="info", unit="kernel"})");
}

TEST_CASE("journal lines: the number of a unit is told beside its label, and in a crowd its name") {
    Rig rig;
    const auto made = rig.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", "session-12.scope"}});
    CHECK(made->labels == R"({job="journal", level="info", unit="session-*.scope"})");
    CHECK(made->of("full_unit") == "session-12.scope");
    Rig crowd{1};
    CHECK(crowd.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", "a.service"}})->of("full_unit").empty());
    const auto other = crowd.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", "b.service"}});
    CHECK(other->labels == R"({job="journal", level="info", unit="other"})");
    CHECK(other->of("full_unit") == "b.service");
}

TEST_CASE("journal lines: what a runner prints has the level of its words, others' words none") {
    Rig rig;
    const std::string failed = "2026-01-02 03:04:05Z: Job build completed with result: Failed";
    const auto level_of = [&](const std::string& unit,
                              const std::string& transport,
                              const std::string& line,
                              const std::string& priority = "6") {
        const auto labels = rig.make({{"MESSAGE", line},
                                      {"PRIORITY", priority},
                                      {"_TRANSPORT", transport},
                                      {"_SYSTEMD_UNIT", unit}})
                                ->labels;
        const auto begin = labels.find("level=\"") + 7;
        return labels.substr(begin, labels.find('"', begin) - begin);
    };
    CHECK(level_of(runner_unit, "stdout", failed) == "error");
    CHECK(level_of(runner_unit, "journal", failed) == "info");
    CHECK(level_of("a.service", "stdout", failed) == "info");
    CHECK(level_of(runner_unit, "stdout", "Warning: x", "3") == "error");  // never less grave
    CHECK(level_of(runner_unit, "stdout", "Listening for Jobs", "4") == "warning");
}

TEST_CASE("journal lines: a runner's line tells its runner and the job of that time") {
    Rig rig;
    RosterRunner runner{.name = "build box",
                        .unit = runner_unit,
                        .root = "",
                        .heard_to = noon + 1h,
                        .jobs = {{.begin = noon - 1min,
                                  .end = noon + 1min,
                                  .name = "build",
                                  .identity = JobIdentity{"acme/widgets", "CI", "b", 42, 1}}}};
    const auto undiscovered = rig.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", runner_unit}});
    CHECK(undiscovered->labels.find("runner=\"acme.one\"") != std::string::npos);
    CHECK(undiscovered->of("job_name").empty());
    Rig known;
    known.roster.runners = {runner};
    const auto made = known.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", runner_unit}});
    CHECK(made->labels.find("runner=\"build box\"") != std::string::npos);
    CHECK(made->of("job_name") == "build");
    CHECK(made->of("run_id") == "42");
    CHECK(made->of("repository") == "acme/widgets");
    const auto other = known.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", "a.service"}});
    CHECK(other->of("job_name").empty());
    known.roster.runners[0].jobs[0].end = noon - 1s;
    CHECK(known.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", runner_unit}})->of("job_name").empty());
}

TEST_CASE("journal lines: an identifier is anybody's text: it becomes valid, and short") {
    Rig rig;
    const auto identifier = [&](const std::string& value) {
        return rig.make({{"MESSAGE", "x"}, {"SYSLOG_IDENTIFIER", value}})->of("identifier");
    };
    CHECK(identifier("sudo") == "sudo");
    CHECK(identifier("a\xFF\nb") ==
          "a\xEF\xBF\xBD\xEF\xBF\xBD"
          "b");
    std::string euros;
    for (int i = 0; i < 100; ++i) {
        euros += "\xE2\x82\xAC";
    }
    const auto cut = identifier(euros);
    CHECK(cut.size() <= 128);
    CHECK(cut.size() > 120);
    CHECK(valid_utf8(cut) == cut);
    CHECK(identifier("sudo") == "sudo");
}

TEST_CASE("journal lines: what is not wanted, has no message or is damaged makes no line") {
    Rig rig{500, {.units = {"a*"}, .identifiers = {}}};
    CHECK(rig.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", "a.service"}}));
    CHECK_FALSE(rig.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", "b.service"}}));
    CHECK_FALSE(rig.make({{"PRIORITY", "3"}, {"_SYSTEMD_UNIT", "a.service"}}));
    CHECK(rig.intake.counts().lost.empty());
    JournalEntry damaged;
    damaged.whole = false;
    Batch batch;
    rig.lines.take(batch, damaged, noon, rig.roster);
    CHECK(batch.empty());
    CHECK(rig.intake.counts().lost.at(LogLoss::unreadable) == 1);
}

TEST_CASE("journal lines: of a message that is cut short the last character is whole, or gone") {
    Rig rig;
    JournalEntry entry;
    entry.see("MESSAGE=a\xE2\x82");
    Batch batch;
    rig.lines.take(batch, entry, noon, rig.roster);
    CHECK(batch.decode(batch.items()[0]).line == "a\uFFFD\uFFFD");  // so it was written
    CHECK(rig.intake.counts().lost.empty());
    batch.clear();
    entry.cut = true;
    rig.lines.take(batch, entry, noon, rig.roster);
    CHECK(batch.decode(batch.items()[0]).line == "a");
    CHECK(rig.intake.counts().lost.at(LogLoss::too_long) == 1);
}

TEST_CASE("journal lines: many units are no trouble, and each keeps its own") {
    Rig rig{10'000};
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 5'000; ++i) {
            const auto unit = "x" + std::to_string(i) + ".service";
            const auto made = rig.make({{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", unit}});
            REQUIRE(made->labels.find("\"" + unit + "\"") != std::string::npos);
        }
    }
}
