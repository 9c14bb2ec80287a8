#include "forwarder/delivery.h"

#include "tests/forwarder/fake_loki.h"

#include <numeric>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

// Answers in turn; the last stays.
auto script(std::deque<Asked> answers) {
    return [answers](const FakeLoki::Push&) mutable {
        auto said = answers.front();
        if (answers.size() > 1) {
            answers.pop_front();
        }
        return said;
    };
}

constexpr const char* no_metadata =
    "stream '{host=\"h\"}' includes structured metadata, but this feature is disallowed. Please "
    "see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable "
    "it.";

}  // namespace

TEST_CASE("delivery: what Loki takes is delivered by one push, and counted") {
    DeliveryRig rig;
    rig.add_lines(3);
    const auto& done = rig.deliver();
    CHECK(done.lines == 3);
    CHECK(done.bytes > 0);
    CHECK(done.quarantined.empty());
    CHECK(rig.loki.pushes.size() == 1);
    CHECK(rig.texts() == std::vector<std::string>{"0", "1", "2"});
    const auto shown = rig.board.read();
    CHECK(shown.state == ShippingState::shipping);
    CHECK(shown.last_push == noon);
    CHECK(shown.pushes.failures.empty());
}

TEST_CASE("delivery: while Loki is away the same lines are tried again, and none twice after") {
    DeliveryRig rig;
    rig.add_lines(5);
    rig.loki.answer = script({answered(503),
                              answered(429, "slow down", "0"),
                              timed_out(),
                              platform::HttpResult{ReachFailure{.what = "refused"}},
                              answered(500),
                              answered(204)});
    CHECK(rig.deliver().lines == 5);
    REQUIRE(rig.loki.pushes.size() == 6);
    for (const auto& push : rig.loki.pushes) {
        CHECK(push.at(0).lines == rig.loki.pushes.back().at(0).lines);
    }
    CHECK(rig.texts().size() == 5);
    const auto failures = rig.board.read().pushes.failures;
    CHECK(failures == std::map<PushFailure, std::uint64_t>{{PushFailure::server, 2},
                                                           {PushFailure::rate_limited, 1},
                                                           {PushFailure::timeout, 1},
                                                           {PushFailure::network, 1}});
}

TEST_CASE("delivery: what is wrong is shown while it waits, and gone when it ships again") {
    DeliveryRig rig;
    rig.add_lines(1);
    std::vector<LogShipping> seen;
    auto next = script({answered(503, "busy"), answered(401, "who?"), answered(204)});
    rig.loki.answer = [&](const FakeLoki::Push& streams) mutable {
        seen.push_back(rig.board.read());
        return next(streams);
    };
    rig.deliver();
    REQUIRE(seen.size() == 3);
    CHECK(seen[1].state == ShippingState::retrying);
    CHECK(seen[1].trouble == "Loki answers 503: busy");
    CHECK(seen[2].state == ShippingState::paused);
    CHECK(seen[2].trouble == "Loki answers 401: who?");
    CHECK(rig.board.read().state == ShippingState::shipping);
    CHECK(rig.board.read().trouble.empty());
}

TEST_CASE("delivery: waits as long as Loki wishes") {
    DeliveryRig rig;
    rig.add_lines(1);
    rig.loki.answer = script({answered(429, "", "600")});
    rig.start();
    while (rig.loki.pushes.empty() && rig.loop.run_one() > 0) {
    }
    rig.loop.run_for(30ms);
    CHECK(rig.loki.pushes.size() == 1);
    CHECK_FALSE(rig.delivered);
}

TEST_CASE("delivery: a wish for no wait at all is not one to be overrun") {
    for (const auto* wish : {"0", "Sun, 06 Nov 1994 08:49:37 GMT"}) {
        DeliveryRig rig;
        Delivery patient{rig.loop,
                         rig.loki,
                         rig.streams,
                         rig.board,
                         [&] { return rig.now; },
                         {.shortest = 1min, .longest = 1min, .paused = 1min}};
        patient.set_metadata(MetadataWish::structured);
        rig.add_lines(1);
        rig.loki.answer = [&](const FakeLoki::Push&) { return answered(429, "", wish); };
        boost::asio::co_spawn(rig.loop, patient.deliver(rig.batch), [](auto&&...) {});
        rig.loop.run_for(30ms);
        CHECK(rig.loki.pushes.size() == 1);
    }
}

TEST_CASE("delivery: how long pushes took is counted by its bucket") {
    DeliveryRig rig;
    rig.add_lines(1);
    auto next = script({answered(503), answered(204)});
    rig.loki.answer = [&](const FakeLoki::Push& streams) mutable {
        rig.now.boot += rig.loki.pushes.size() == 1 ? 100ms : 40s;
        return next(streams);
    };
    rig.deliver();
    const auto pushes = rig.board.read().pushes;
    CHECK(pushes.duration_sum_seconds == doctest::Approx(40.1));
    CHECK(pushes.durations[4] == 1);  // up to and with 0.1 s
    CHECK(pushes.durations.back() == 1);
    CHECK(std::accumulate(pushes.durations.begin(), pushes.durations.end(), std::uint64_t{}) == 2);
}

TEST_CASE("delivery: a push too large is halved until it fits, in order") {
    DeliveryRig rig;
    rig.add_lines(100);
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        return answered(count_of(streams) > 10 ? 413 : 204, "too large");
    };
    CHECK(rig.deliver().lines == 100);
    CHECK(rig.delivered->quarantined.empty());
    REQUIRE(rig.texts().size() == 100);
    for (int i = 0; i < 100; ++i) {
        CHECK(rig.texts()[static_cast<std::size_t>(i)] == std::to_string(i));
    }
}

TEST_CASE("delivery: a Loki that wants no metadata gets it in the line, from then on") {
    DeliveryRig rig;
    rig.add("hello");
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        const bool any = any_line(streams, [](const auto& line) { return !line.metadata.empty(); });
        return any ? answered(400, no_metadata) : answered(204);
    };
    CHECK(rig.deliver().lines == 1);
    CHECK(rig.texts() == std::vector<std::string>{"hello pid=7"});
    CHECK(rig.loki.pushes.size() == 2);
    rig.deliver();
    CHECK(rig.loki.pushes.size() == 3);
}

TEST_CASE("delivery: an old Loki, which would drop metadata, is asked what it is first") {
    const auto stored_of = [](std::deque<Asked> pages, std::size_t asked) {
        DeliveryRig rig;
        rig.delivery.set_metadata(MetadataWish::as_loki_can);
        rig.loki.of_get = std::move(pages);
        rig.add("hello");
        rig.deliver();
        rig.deliver();
        CHECK(rig.loki.asked == std::vector<std::string>(asked, std::string{build_info_path}));
        return rig.texts().at(0);
    };
    CHECK(stored_of({answered(200, R"({"version":"2.8.3"})")}, 1) == "hello pid=7");
    CHECK(stored_of({answered(200, R"({"version":"3.1.0"})")}, 1) == "hello");
    CHECK(stored_of({answered(404)}, 1) == "hello");  // it stands behind something newer
    CHECK(stored_of({answered(200, "<html>")}, 1) == "hello");
    CHECK(stored_of({answered(502), answered(503), answered(200, R"({"version":"2.8.3"})")}, 3) ==
          "hello pid=7");
    CHECK(stored_of({timed_out()}, 3) == "hello");
}

TEST_CASE("delivery: while only those are away who would know it, lines go with all in them") {
    DeliveryRig rig;
    rig.delivery.set_metadata(MetadataWish::as_loki_can);
    rig.loki.of_get = {answered(503),
                       answered(503),
                       answered(503),
                       answered(503),
                       answered(503),
                       answered(200, R"({"version":"3.1.0"})")};
    const auto stored = [&](const std::string& line) {
        rig.batch.clear();
        rig.add(line);
        rig.deliver();
        return rig.texts().back();
    };
    CHECK(stored("one") == "one pid=7");
    CHECK(rig.loki.asked.size() == 4);
    CHECK(stored("two") == "two pid=7");  // not asked again at once
    CHECK(rig.loki.asked.size() == 4);
    rig.now.boot += 1min;
    CHECK(stored("three") == "three pid=7");
    CHECK(rig.loki.asked.size() == 5);
    rig.now.boot += 1min;
    CHECK(stored("four") == "four");
    CHECK(stored("five") == "five");
    CHECK(rig.loki.asked.size() == 6);
}

TEST_CASE("delivery: a question that is refused for the secret is asked again with the next one") {
    DeliveryRig rig;
    rig.delivery.set_metadata(MetadataWish::as_loki_can);
    rig.loki.of_get = {answered(401), answered(200, R"({"version":"2.8.3"})")};
    rig.loki.answer = [&](const FakeLoki::Push&) {
        return answered(rig.loki.pushes.size() < 2 ? 401U : 204U);
    };
    rig.add("hello");
    rig.deliver();
    CHECK(rig.texts().at(0) == "hello pid=7");
    CHECK(rig.loki.asked.size() == 2);
}

TEST_CASE("delivery: a secret that is for pushing alone does not hold lines back") {
    DeliveryRig rig;
    rig.delivery.set_metadata(MetadataWish::as_loki_can);
    rig.loki.of_get = {answered(403)};
    for (int turn = 0; turn < 3; ++turn) {
        rig.batch.clear();
        rig.add("hello " + std::to_string(turn));
        rig.deliver();
    }
    CHECK(rig.texts().back() == "hello 2");
    CHECK(rig.loki.asked.size() == 1);  // and then once a minute
}

TEST_CASE("delivery: an operator's wish for the form of metadata needs no question") {
    DeliveryRig rig;
    rig.delivery.set_metadata(MetadataWish::suffix);
    rig.add("hello");
    rig.deliver();
    CHECK(rig.loki.asked.empty());
    CHECK(rig.texts() == std::vector<std::string>{"hello pid=7"});
}
