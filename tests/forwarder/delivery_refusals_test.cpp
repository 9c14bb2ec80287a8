#include "core/text.h"
#include "forwarder/delivery.h"
#include "tests/forwarder/fake_loki.h"

#include <cmath>
#include <set>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

using Texts = std::vector<std::string>;

// Refuses pushes that have one of these lines.
auto refuses(std::set<std::string> poison) {
    return [poison = std::move(poison)](const FakeLoki::Push& streams) {
        const bool any =
            any_line(streams, [&](const auto& line) { return poison.contains(line.text); });
        return any ? answered(400, "this line is poison\n") : answered(204);
    };
}

Texts quarantined(const Delivered& done) {
    Texts lines;
    for (const auto& line : done.quarantined) {
        lines.push_back(line.line);
    }
    return lines;
}

}  // namespace

TEST_CASE("delivery: one poison line among a thousand is found by halving, and only it is parked") {
    for (const auto* poison : {"0", "1", "499", "500", "998", "999"}) {
        DeliveryRig rig;
        rig.add_lines(1'000);
        rig.loki.answer = refuses({poison});
        const auto& done = rig.deliver();
        CHECK(done.lines == 999);
        REQUIRE(done.quarantined.size() == 1);
        const auto& line = done.quarantined[0];
        CHECK(line.line == poison + std::string{" pid=7"});
        CHECK(line.reason == "Loki answers 400: this line is poison");
        CHECK(line.labels == rig.streams.labels(rig.stream()));
        CHECK(line.at == noon - 1h + std::stoi(poison) * 1ms);
        // And a line that proves that others are taken, where no half has.
        CHECK(static_cast<double>(rig.loki.pushes.size()) <= 2 * std::log2(1'000) + 3);
        CHECK(rig.texts().size() == 999);
    }
}

TEST_CASE("delivery: several poison lines, also side by side and all but one") {
    DeliveryRig few;
    few.add_lines(200);
    few.loki.answer = refuses({"3", "4", "77", "199"});
    CHECK(quarantined(few.deliver()) == Texts{"3 pid=7", "4 pid=7", "77 pid=7", "199 pid=7"});
    CHECK(few.texts().size() == 196);
    DeliveryRig most;
    most.add_lines(8);
    most.loki.answer = refuses({"0", "1", "2", "3", "4", "5", "6"});
    CHECK(most.deliver().quarantined.size() == 7);
    CHECK(most.texts() == Texts{"7"});
}

TEST_CASE("delivery: where nothing at all is taken nothing is parked, and it waits") {
    DeliveryRig rig;
    rig.add_lines(8);
    rig.loki.answer = [](const FakeLoki::Push&) { return answered(400, "<h1>Bad Request</h1>"); };
    rig.deliver_until(100);
    CHECK_FALSE(rig.delivered);
    const auto shown = rig.board.read();
    CHECK(shown.state == ShippingState::paused);
    CHECK(shown.trouble == "Loki answers 400: <h1>Bad Request</h1>");
    CHECK(shown.quarantined.empty());
}

TEST_CASE("delivery: after a proxy that refused everything is gone all lines are delivered") {
    DeliveryRig rig;
    rig.add_lines(8);
    rig.loki.answer = [&](const FakeLoki::Push&) {
        return rig.loki.pushes.size() < 50 ? answered(400, "no") : answered(204);
    };
    const auto& done = rig.deliver();
    CHECK(done.lines == 8);
    CHECK(done.quarantined.empty());
    CHECK(rig.texts() == Texts{"0", "1", "2", "3", "4", "5", "6", "7"});
}

TEST_CASE("delivery: who begins to refuse everything within a batch makes no line one to park") {
    DeliveryRig rig;
    rig.add_lines(16);
    const auto poison = refuses({"3"});
    rig.loki.answer = [&](const FakeLoki::Push& streams) {
        const auto pushes = rig.loki.pushes.size();
        return pushes > 8 && pushes < 60 ? answered(400, "no") : poison(streams);
    };
    CHECK(quarantined(rig.deliver()) == Texts{"3 pid=7"});
    CHECK(rig.texts().size() == 15);
    CHECK(rig.loki.pushes.size() > 60);
}

TEST_CASE("delivery: a Loki that is told to take nothing may say so by a 2xx") {
    DeliveryRig rig;
    rig.add("line");
    bool blocked = true;
    std::vector<ShippingState> shown;
    rig.loki.answer = [&](const FakeLoki::Push&) {
        shown.push_back(rig.board.read().state);
        blocked = rig.loki.pushes.size() < 3;
        return answered(blocked ? 260 : 204, blocked ? "ingestion blocked" : "");
    };
    CHECK(rig.deliver().lines == 1);
    CHECK(rig.loki.pushes.size() == 3);
    CHECK(shown.back() == ShippingState::paused);
}

TEST_CASE("delivery: a single line is parked once another one was taken") {
    DeliveryRig rig;
    rig.add("poison");
    rig.loki.answer = refuses({"poison"});
    CHECK(quarantined(rig.deliver()) == Texts{"poison pid=7"});
    CHECK(rig.delivered->lines == 0);
    REQUIRE(rig.loki.pushes.size() == 2);
    const auto& probe = rig.loki.pushes[1];
    REQUIRE(count_of(probe) == 1);
    CHECK(probe[0].labels.find("job=\"paws-agent\"") != std::string::npos);
    CHECK(probe[0].lines[0].at == noon);
}

TEST_CASE("delivery: a probe that fails for another reason proves nothing against the line") {
    DeliveryRig rig;
    rig.add("line");
    rig.loki.answer = [&](const FakeLoki::Push& streams) {
        const bool is_line = any_line(streams, [](const auto& one) { return one.text == "line"; });
        const bool later = rig.loki.pushes.size() > 10;
        return later ? answered(204) : is_line ? answered(400, "no") : answered(503);
    };
    const auto& done = rig.deliver();
    CHECK(done.lines == 1);
    CHECK(done.quarantined.empty());
}

TEST_CASE("delivery: a single line too large for any push is parked, with its beginning") {
    DeliveryRig rig;
    rig.add(std::string(200'000, 'x'));
    rig.add("small");
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        const bool any =
            any_line(streams, [](const auto& line) { return line.text.size() > 100'000; });
        return answered(any ? 413 : 204);
    };
    const auto& done = rig.deliver();
    CHECK(done.lines == 1);
    REQUIRE(done.quarantined.size() == 1);
    CHECK(done.quarantined[0].line == std::string(16U << 10U, 'x'));
    CHECK(done.quarantined[0].reason == "Loki answers 413");
}

TEST_CASE("delivery: a line that is cut for the quarantine stays valid text") {
    DeliveryRig rig;
    std::string line = "x";
    for (int i = 0; i < 10'000; ++i) {
        line += "\xE2\x82\xAC";
    }
    rig.add(line);
    rig.loki.answer = refuses({line});
    const auto& done = rig.deliver();
    REQUIRE(done.quarantined.size() == 1);
    CHECK(valid_utf8(done.quarantined[0].line) == done.quarantined[0].line);
}
