#include "core/utc.h"
#include "forwarder/delivery.h"
#include "tests/forwarder/fake_loki.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

Asked too_old(WallTime oldest) {
    return answered(400,
                    "entry for stream '{host=\"h\"}' has timestamp too old: 2026-01-01T00:00:00Z, "
                    "oldest acceptable timestamp is: " +
                        utc_text(oldest, "YYYY-MM-DDThh:mm:ssZ"));
}

auto refuses_before(WallTime oldest) {
    return [oldest](const FakeLoki::Push& streams) {
        const bool any = any_line(streams, [&](const auto& line) { return line.at < oldest; });
        return any ? too_old(oldest) : answered(204);
    };
}

std::string original_time(const pushed::Line& line) {
    std::string found;
    for (const auto& [name, value] : line.metadata) {
        if (name == "original_time") {
            CHECK(found.empty());
            found = value;
        }
    }
    return found;
}

}  // namespace

TEST_CASE("delivery: all lines that Loki finds too old are stamped anew at once") {
    DeliveryRig rig;
    for (int i = 0; i < 50; ++i) {
        rig.add("old " + std::to_string(i), noon - 300h + i * 1s + 123'456us);
        rig.add("young " + std::to_string(i), noon - 1h + i * 1s);
    }
    rig.loki.answer = refuses_before(noon - 168h);
    const auto& done = rig.deliver();
    CHECK(done.lines == 100);
    CHECK(done.quarantined.empty());
    CHECK(rig.loki.pushes.size() == 2);
    const auto& stored = rig.loki.stored[rig.streams.labels(rig.stream())];
    REQUIRE(stored.size() == 100);
    WallTime last{};
    for (std::size_t i = 0; i < 50; ++i) {
        const auto& old = stored[2 * i];
        const auto& young = stored[2 * i + 1];
        CHECK(old.text == "old " + std::to_string(i));
        CHECK(old.at >= noon);
        CHECK(old.at > last);  // each its own, in the same order
        last = old.at;
        CHECK(original_time(old).substr(0, 15) == "2026-02-17T00:0");
        CHECK(original_time(old).substr(19) == ".123456Z");
        CHECK(old.metadata.front() == std::pair<std::string, std::string>{"pid", "7"});
        CHECK(young.at == noon - 1h + std::chrono::seconds{i});
        CHECK(original_time(young).empty());
    }
}

TEST_CASE("delivery: stamps of one batch and of the next are different ones") {
    DeliveryRig rig;
    rig.add("same", noon - 300h);
    rig.add("same", noon - 300h);
    rig.loki.answer = refuses_before(noon - 168h);
    rig.deliver();
    rig.deliver();
    CHECK(rig.texts().size() == 4);  // as they would not be at the same time
}

TEST_CASE("delivery: without metadata the original time stands in the line") {
    DeliveryRig rig;
    rig.delivery.set_metadata(MetadataWish::suffix);
    rig.add("old", noon - 300h);
    rig.loki.answer = refuses_before(noon - 168h);
    rig.deliver();
    CHECK(rig.texts() ==
          std::vector<std::string>{"old pid=7 original_time=2026-02-17T00:00:00.000000Z"});
}

TEST_CASE("delivery: a limit that comes second is met, too, and no line forgets its time") {
    for (const auto wish : {MetadataWish::structured, MetadataWish::suffix}) {
        DeliveryRig rig;
        rig.delivery.set_metadata(wish);
        rig.add("oldest", noon - 10h);
        rig.add("older", noon - 3h);
        rig.loki.answer = [&](const FakeLoki::Push& streams) {
            const auto limit = rig.loki.pushes.size() == 1 ? noon - 5h : noon - 2h;
            return refuses_before(limit)(streams);
        };
        CHECK(rig.deliver().lines == 2);
        CHECK(rig.loki.pushes.size() == 3);
        for (const auto& line : rig.loki.stored[rig.streams.labels(rig.stream())]) {
            const auto told = wish == MetadataWish::structured ? original_time(line) : line.text;
            CHECK_MESSAGE(told.find("2026-03-01T0") != std::string::npos, line.text);
            CHECK(line.text.find("original_time") == line.text.rfind("original_time"));
        }
    }
}

TEST_CASE("delivery: lines of the future are stamped anew, those of the past stay") {
    DeliveryRig rig;
    rig.add("past", noon - 1h);
    rig.add("future", noon + 100h);
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        const bool any = any_line(streams, [](const auto& line) { return line.at > noon + 10min; });
        return any ? answered(400, "entry for stream '{}' has timestamp too new: 2026-03-05")
                   : answered(204);
    };
    rig.deliver();
    const auto& stored = rig.loki.stored[rig.streams.labels(rig.stream())];
    REQUIRE(stored.size() == 2);
    CHECK(stored[0].at == noon - 1h);
    CHECK(stored[1].at < noon + 1min);
    CHECK(original_time(stored[1]) == "2026-03-05T16:00:00.000000Z");
}

TEST_CASE("delivery: what Loki took of a push with a line of the future does not come again") {
    DeliveryRig rig;
    rig.add("soon", noon + 5min);
    rig.add("far", noon + 20min);
    const auto in_time = [](const pushed::Line& line) { return line.at <= noon + 10min; };
    rig.loki.answer = [&](const FakeLoki::Push& streams) {
        if (!any_line(streams, [&](const auto& line) { return !in_time(line); })) {
            return answered(204);
        }
        rig.loki.store(streams, in_time);
        return answered(400, "entry for stream '{}' has timestamp too new: 2026-03-01");
    };
    rig.deliver();
    CHECK(rig.texts() == std::vector<std::string>{"soon", "far"});
}

TEST_CASE("delivery: while our clock is wrong lines have the time of Loki's, and none is parked") {
    DeliveryRig rig;
    rig.now.wall = noon + 2h;
    rig.add("before", noon - 1s);
    rig.add("after", noon + 2h);
    rig.add("after", noon + 2h + 1s);
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        const bool any = any_line(streams, [](const auto& line) { return line.at > noon + 10min; });
        return any ? answered_at("Sun, 01 Mar 2026 12:00:00 GMT",
                                 400,
                                 "entry for stream '{}' has timestamp too new: 2026-03-01")
                   : answered(204);
    };
    CHECK(rig.deliver().quarantined.empty());
    const auto& stored = rig.loki.stored[rig.streams.labels(rig.stream())];
    REQUIRE(stored.size() == 3);
    CHECK(stored[0].at == noon - 1s);
    CHECK(stored[1].at == noon);
    CHECK(stored[2].at == noon + 1ns);
    CHECK(original_time(stored[2]) == "2026-03-01T14:00:01.000000Z");
}

TEST_CASE("delivery: where Loki does not tell its time, lines wait until our clock is right") {
    DeliveryRig rig;
    rig.now.wall = noon + 2h;
    rig.add("before", noon - 1s);
    rig.add("after", noon + 2h);
    rig.loki.answer = [&](const FakeLoki::Push& streams) {
        if (rig.loki.pushes.size() == 40) {
            rig.now.wall = noon;
        }
        const bool any = any_line(streams, [](const auto& line) { return line.at > noon + 10min; });
        return any ? answered(400, "entry for stream '{}' has timestamp too new: 2026-03-01")
                   : answered(204);
    };
    CHECK(rig.deliver().quarantined.empty());
    CHECK(rig.texts() == std::vector<std::string>{"before", "after"});
    CHECK(rig.loki.stored[rig.streams.labels(rig.stream())].back().at < noon + 1min);
}

TEST_CASE("delivery: a line that stays untimely under each new stamp is parked with its time") {
    DeliveryRig rig;
    rig.add("odd", noon - 1h);
    rig.add("good", noon - 1h);
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        const bool any = any_line(streams, [](const auto& line) { return line.text == "odd"; });
        return any ? answered(400, "entry out of order") : answered(204);
    };
    const auto& done = rig.deliver();
    CHECK(done.lines == 1);
    REQUIRE(done.quarantined.size() == 1);
    CHECK(done.quarantined[0].line == "odd pid=7 original_time=2026-03-01T11:00:00.000000Z");
    CHECK(rig.loki.pushes.size() < 10);
}
