#include "pawsctl/render_why.h"

#include "pawsctl/width.h"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;

namespace {

const boost::json::object document{{"time", "2026-01-12T12:00:00Z"}};

boost::json::object killed() {
    return boost::json::parse(R"json({"runner":"acme-widgets.build-01","name":"nightly / fuzz",
      "started":"2026-01-12T07:00:00.250Z","finished":"2026-01-12T09:00:00Z",
      "duration_seconds":7200,"result":"failed","blame":"host",
      "because":"the kernel killed 2 processes of it for memory",
      "identity":{"repository":"acme/widgets","workflow":"CI","job":"fuzz","run_id":7240953180,
                  "run_attempt":2},
      "usage":{"cpu_seconds":5400,"memory_peak_bytes":7200000000,"oom_kills":2,
               "disk_low_bytes":21000000000,"memory_stall_seconds":64,"connect_errors":0,
               "queue_seconds":95}})json")
        .as_object();
}

}  // namespace

TEST_CASE("render_why: how it ended, whose fault, what it took, where to read on") {
    const std::string where_to_read =
        "read on: journalctl -u 'actions.runner.acme-widgets.build-01.service' --utc "
        "--since '2026-01-12 07:00:00' --until '2026-01-12 09:00:00'";
    const std::vector<std::string> expected{
        "nightly / fuzz on acme-widgets.build-01: failed, 2 h",
        "blame    host: the kernel killed 2 processes of it for memory",
        "run      acme/widgets run 7240953180, attempt 2, workflow CI",
        "began    2026-01-12T07:00:00.250Z",
        "queued   for 1 min before, by GitHub's clock",
        "ended    2026-01-12T09:00:00Z",
        "took     CPU 1 h 30 min, memory peak 7.20 GB, least free disk 21.0 GB",
        "waited   for memory 1 min",
        "events   2 OOM kills",
        where_to_read};
    CHECK(render_why(killed(), document, {{}, {}, false, true}) == expected);
}

TEST_CASE("render_why: a job that runs blames nobody, and what is not known is said") {
    const auto job =
        boost::json::parse(R"({"runner":"a","name":"b","started":"2026-01-12T11:57:00Z"})")
            .as_object();
    const auto lines = render_why(job, document, {{}, {}, false, true});
    CHECK(lines[0] == "b on a: running, 3 min");
    CHECK(lines[1] == "blame    it still runs");
    CHECK(lines[2].starts_with("run      not known: `pawsctl runners hook install`"));
    CHECK(lines.back() ==
          "read on: journalctl -u 'actions.runner.a.service' --utc --since '2026-01-12 11:57:00'");
}

TEST_CASE("render_why: no line but the command is wider than the screen") {
    for (std::size_t columns = 20; columns <= 120; ++columns) {
        auto lines = render_why(killed(), document, {columns, {}, false, true});
        lines.pop_back();
        for (const auto& line : lines) {
            CHECK(columns_of(line) <= columns);
        }
    }
}
