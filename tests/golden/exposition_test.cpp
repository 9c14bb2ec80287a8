// The whole exposition of each recorded host. UPDATE_GOLDEN=1 writes what is shown now; read the
// difference before it is committed.
#include "exporter/exposition.h"

#include "core/text.h"
#include "exporter/families.h"
#include "tests/support/paths.h"
#include "tests/support/recorded_host.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using tests::RecordedHost;

namespace {

exporter::AgentInfo agent(const Now& now) {
    constexpr std::chrono::seconds uptime{60};
    return {.version = "1.2.3",
            .revision = "0123abc",
            .pid = 4711,
            .hostname = "guest",
            .environment = "production",
            .process = {.cpu_seconds = 1.5,
                        .resident_bytes = 8U << 20U,
                        .virtual_bytes = 64U << 20U,
                        .open_fds = 21,
                        .max_fds = 1024,
                        .started = now.wall - uptime},
            .now = now};
}

std::string exposition(const std::string& host) {
    const RecordedHost recorded{host};
    const auto families = to_families(recorded.look(), agent(recorded.now()), {});
    return expose(families, exporter::Format::text);
}

std::vector<std::string> lines(std::string_view text) {
    std::vector<std::string> found;
    while (!text.empty()) {
        found.emplace_back(take_until(text, '\n'));
    }
    return found;
}

// A failure shows the first line that differs, not the whole text.
void check(const std::string& host) {
    const auto path = tests::source_path("tests/fixtures/hosts/" + host + "/expected.prom");
    const auto shown = exposition(host);
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream{path} << shown;
    }
    std::ifstream stream{path};
    auto expected = lines(std::string{std::istreambuf_iterator<char>{stream}, {}});
    REQUIRE_FALSE(expected.empty());
    auto found = lines(shown);
    const auto length = std::max(expected.size(), found.size());
    expected.resize(length);
    found.resize(length);
    for (std::size_t at = 0; at < length; ++at) {
        INFO(path << ":" << at + 1);
        REQUIRE(found[at] == expected[at]);
    }
}

}  // namespace

TEST_CASE("golden: a healthy host whose runner is at work") {
    check("healthy");
}
TEST_CASE("golden: disks that are full, out of inodes, gone read-only and not answering") {
    check("disk_full");
}
TEST_CASE("golden: a runner whose unit was killed and whose worker lives on") {
    check("runner_crashed");
}
TEST_CASE("golden: five runners: busy, idle, stopped, never started, masked") {
    check("several_runners");
}
TEST_CASE("golden: a host with version 1 cgroups and without PSI") {
    check("cgroup_v1_only");
}
TEST_CASE("golden: a host that hides the processes of others") {
    check("hidepid");
}
TEST_CASE("golden: a host with garbage in every file") {
    check("garbage");
}
