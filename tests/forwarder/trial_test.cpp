#include "forwarder/trial.h"

#include "tests/forwarder/fake_loki.h"

#include <boost/asio/co_spawn.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

const std::string id = std::to_string(noon.time_since_epoch().count());

Asked page_with(const std::string& line) {
    return answered(200, R"({"data":{"result":[{"values":[["1",")" + line + R"("]]}]}})");
}

// Each look at the clock takes `step`.
TrialResult tried(FakeLoki& loki, std::chrono::nanoseconds step = 0ns) {
    boost::asio::io_context loop;
    std::optional<TrialResult> result;
    const auto clock = [step, passed = 0ns]() mutable {
        passed += step;
        return Now{.wall = noon, .boot = BootTime{1h + passed}};
    };
    boost::asio::co_spawn(loop,
                          try_out(loop, loki, {{"host", "h"}}, clock),
                          [&](const std::exception_ptr& failed, TrialResult done) {
                              REQUIRE_FALSE(failed);
                              result = std::move(done);
                          });
    loop.run();
    REQUIRE(result);
    CHECK_FALSE(result->running);
    return *result;
}

}  // namespace

TEST_CASE("trial: a line is sent, and looked for until it is there") {
    FakeLoki loki;
    loki.of_get = {page_with("another"), page_with("pawsctl logs test " + id)};
    const auto result = tried(loki);
    CHECK(result.pushed);
    CHECK(result.push_trouble.empty());
    CHECK(result.found == TrialResult::Found::yes);
    CHECK(result.find_trouble.empty());
    CHECK(result.query == R"({host="h", job="paws-agent", level="info"} |= ")" + id + "\"");
    REQUIRE(loki.asked.size() == 2);
    CHECK(loki.asked[0].starts_with("/loki/api/v1/query_range?query=%7Bhost%3D%22h%22%2C%20job"));
    CHECK(
        loki.asked[0].find("&start=" + std::to_string((noon - 1min).time_since_epoch().count())) !=
        std::string::npos);
    REQUIRE(loki.stored.size() == 1);
    REQUIRE(loki.stored.begin()->second.size() == 1);
    CHECK(loki.stored.begin()->second[0].text == "pawsctl logs test " + id);
    CHECK(loki.stored.begin()->second[0].at == noon);
}

TEST_CASE("trial: what Loki does not take is not looked for") {
    FakeLoki loki;
    loki.answer = [](const FakeLoki::Push&) { return answered(401, "no such token"); };
    const auto result = tried(loki);
    CHECK_FALSE(result.pushed);
    CHECK(result.push_trouble == "Loki answers 401: no such token");
    CHECK(result.found == TrialResult::Found::unknown);
    CHECK(loki.asked.empty());
}

TEST_CASE("trial: where nobody may look it is not known whether the line is there") {
    FakeLoki loki;
    SUBCASE("Loki refuses") {
        loki.of_get = {answered(403, "may not read")};
        CHECK(tried(loki).find_trouble == "Loki answers 403: may not read");
    }
    SUBCASE("its answer is none") {
        loki.of_get = {answered(200, "<html>")};
        CHECK(tried(loki).find_trouble == "Loki's answer to a query is none");
    }
    const auto result = tried(loki);
    CHECK(result.pushed);
    CHECK(result.found == TrialResult::Found::unknown);
}

TEST_CASE("trial: a line that does not come is looked for some seconds and no longer") {
    FakeLoki loki;
    loki.of_get = {page_with("another")};
    const auto result = tried(loki, 1s);
    CHECK(result.pushed);
    CHECK(result.found == TrialResult::Found::no);
    CHECK(result.found_after >= 4s);
    CHECK(loki.asked.size() == 2);  // a turn takes three looks at the clock
}

TEST_CASE("trial: a line is looked for in the answer to a query, not in its other words") {
    const std::string found =
        R"({"status":"success","data":{"resultType":"streams","result":[{"stream":{"a":"b"},)"
        R"("values":[["1","pawsctl logs test 17"]]}]}})";
    CHECK(page_has(found, "pawsctl logs test 17") == true);
    CHECK(page_has(found, "pawsctl logs test 18") == false);
    CHECK(page_has(R"({"data":{"result":[]},"query":"pawsctl logs test 17"})",
                   "pawsctl logs test 17") == false);
    for (const auto* page : {"", "{}", "[]", R"({"data":{"result":{}}})", "<html>", "\xFF"}) {
        CHECK_FALSE_MESSAGE(page_has(page, "x"), page);
    }
}

TEST_CASE("trials: one at a time, and who comes meanwhile gets the number of the running one") {
    Trials trials;
    int begun = 0;
    const auto start = [&] { ++begun; };
    CHECK_FALSE(trials.read());
    CHECK(trials.begin(start) == 1);
    CHECK(trials.begin(start) == 1);
    CHECK(begun == 1);
    CHECK(trials.read()->running);
    TrialResult result;
    result.running = false;
    result.pushed = true;
    trials.end(result);
    CHECK(trials.read()->number == 1);
    CHECK(trials.read()->pushed);
    CHECK(trials.begin(start) == 2);
    CHECK(begun == 2);
    CHECK_FALSE(trials.read()->pushed);
}
