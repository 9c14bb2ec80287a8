#include "pawsctl/render_jobs.h"

#include "pawsctl/width.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;

namespace {

boost::json::object document() {
    return boost::json::parse(R"json({"version":1,"time":"2026-01-12T12:00:00Z",
      "running":[{"runner":"acme-widgets.build-02","name":"package",
                  "started":"2026-01-12T11:57:00Z","finished":null,"duration_seconds":null,
                  "result":null,"usage":{"memory_peak_bytes":1200000000}}],
      "jobs":[{"runner":"acme-widgets.build-01","name":"test (ubuntu, 3.12)",
               "started":"2026-01-12T11:40:00Z","finished":"2026-01-12T11:52:00Z",
               "duration_seconds":720,"result":"succeeded","lost_reason":null,
               "usage":{"memory_peak_bytes":3410000000,"oom_kills":0,"connect_errors":0}},
              {"runner":"acme-widgets.build-01","name":"nightly / fuzz",
               "started":"2026-01-12T07:00:00Z","finished":"2026-01-12T09:00:00Z",
               "duration_seconds":7200,"result":"lost","lost_reason":"worker_gone",
               "usage":{"memory_peak_bytes":null,"oom_kills":1},"blame":"host",
               "because":"the kernel killed 1 process of it for memory"}]})json")
        .as_object();
}

}  // namespace

TEST_CASE("render_jobs: those that run stand first, and what went wrong says why") {
    const auto lines = render_jobs(document(), {{}, {}, false, true});
    REQUIRE(lines.size() == 5);
    CHECK(lines[0] ==
          "  job                 runner                result      took         memory   ended");
    CHECK(lines[1] ==
          "● package             acme-widgets.build-02 running     3 min        1.20 GB  -");
    CHECK(
        lines[2] ==
        "● test (ubuntu, 3.12) acme-widgets.build-01 succeeded   12 min       3.41 GB  8 min ago");
    CHECK(lines[3] ==
          "✖ nightly / fuzz      acme-widgets.build-01 lost        2 h          -        3 h ago");
    CHECK(lines[4] == "    host: the kernel killed 1 process of it for memory");
}

TEST_CASE("render_jobs: no line is wider than the screen") {
    for (std::size_t columns = 1; columns <= 120; ++columns) {
        CAPTURE(columns);
        for (const auto& line : render_jobs(document(), {columns, {}, false, true})) {
            CHECK(columns_of(line) <= columns);
        }
    }
}

TEST_CASE("render_jobs: an answer that holds nothing is no jobs, and unknown is not zero") {
    CHECK(render_jobs({}, {}) == std::vector<std::string>{"no jobs"});
    const auto odd = boost::json::parse(R"({"jobs":[{}, 7]})").as_object();
    const auto lines = render_jobs(odd, {{}, {}, false, true});
    REQUIRE(lines.size() == 2);
    CHECK(lines[1].find('0') == std::string::npos);
}
