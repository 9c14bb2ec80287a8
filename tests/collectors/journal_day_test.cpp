#include "collectors/journal.h"
#include "core/text.h"
#include "tests/support/journal_writer.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_directory.h"

#include <fstream>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

constexpr auto day = std::chrono::sys_days{std::chrono::January / 12 / 2026};
constexpr const char* unit = "actions.runner.acme-widgets.build-01.service";
constexpr const char* invocation = "11111111111111111111111111111111";

// "Jan 12 08:00:04 ci01 runsvc.sh[1203]: √ Connected to GitHub"
struct DayLine {
    WallTime at;
    std::string pid;
    std::string text;
};

std::vector<DayLine> read_day() {
    std::ifstream file{tests::source_path("tests/fixtures/journal/a_day.txt")};
    std::vector<DayLine> lines;
    for (std::string line; std::getline(file, line);) {
        const auto number = [&](std::size_t at) {
            return parse_integer<int>(std::string_view{line}.substr(at, 2)).value();
        };
        const auto open = line.find('[');
        const auto close = line.find("]: ");
        lines.push_back({.at = day + std::chrono::hours{number(7)} +
                               std::chrono::minutes{number(10)} + std::chrono::seconds{number(13)},
                         .pid = line.substr(open + 1, close - open - 1),
                         .text = line.substr(close + 3)});
    }
    return lines;
}

void write(RunnerJournal& runner, const DayLine& line) {
    JournalWriter::Fields fields{{"_PID", line.pid}};
    if (line.pid == "1") {  // systemd's own words about the unit
        fields["_SYSTEMD_UNIT"] = "init.scope";
        fields["_TRANSPORT"] = "journal";
    }
    runner.say(line.at, line.text, fields);
}

// The day, of which the agent saw all but the first `before` lines.
RunnerLog log_of_day(std::size_t before) {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    const auto lines = read_day();
    REQUIRE(lines.size() == 60);
    Facts facts;
    facts.runners.push_back({.name = "acme-widgets.build-01", .unit = unit, .root = ""});
    facts.runners[0].unit_state.value = Unit{.invocation_id = invocation, .exec_main_pid = 1200};
    JournalCollector journal{
        {.root = platform::RootFs::open("/").value(), .journal_directory = directory.path()}};
    for (std::size_t at = 0; at < lines.size(); ++at) {
        write(runner, lines[at]);
        if (at + 1 != before && at + 1 != lines.size()) {
            continue;
        }
        writer.commit();
        const auto fill = journal.collect(facts, {.wall = day + 19h, .boot = BootTime{1h}});
        REQUIRE(fill);
        (*fill)(facts);
    }
    return facts.runners[0].log.value.value();
}

}  // namespace

TEST_CASE("journal: a day of a runner, seen by the agent, is counted") {
    auto log = log_of_day(1);
    auto& counters = log.counters;
    CHECK(counters.jobs[JobResult::succeeded] == 1);
    CHECK(counters.jobs[JobResult::failed] == 1);
    CHECK(counters.jobs[JobResult::canceled] == 1);
    CHECK(counters.jobs[JobResult::lost] == 1);
    CHECK(counters.lost[LostReason::listener_exit] == 1);
    CHECK(counters.job_duration_sum_seconds == doctest::Approx(272 + 452 + 72));
    CHECK(counters.connect_errors == 3);
    CHECK(counters.listener_exits ==
          std::map<std::string, std::uint64_t>{{"0", 1}, {"2", 1}, {"3", 1}, {"null", 1}});
}

TEST_CASE("journal: the state at the end of a day does not depend on how much of it was seen") {
    for (const std::size_t before : {1U, 17U, 30U, 45U, 60U}) {
        const auto log = log_of_day(before);
        CHECK(log.version == "2.336.0");
        CHECK(log.started == day + 14h + 41min + 12s);
        CHECK(log.listening == day + 14h + 41min + 46s);
        CHECK(log.contact == log.listening);
        CHECK(log.shutdown == day + 18h);
        CHECK(log.listener_exit == day + 18h + 1s);
        CHECK(log.listener_exit_code == "0");
        CHECK(log.recent_exits.size() == 4);
        CHECK_FALSE(log.job);
        CHECK(log.finished.size() == 4);
        CHECK(log.finished.back().name == "nightly / fuzz");
        CHECK(log.finished.back().result == JobResult::lost);
        CHECK_FALSE(log.connect_error);
        CHECK_FALSE(log.conflict);
        CHECK_FALSE(log.updating);
    }
    CHECK(log_of_day(60).counters.jobs.empty());
}
