// How much goes into one push: more than Loki's parts take from each other, or than a rate allows,
// would be refused for ever; and what it refuses of any stream but the last it does not tell.

#include "tests/forwarder/fake_loki.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

constexpr std::size_t kib = 1U << 10U;

std::size_t bytes_of(const FakeLoki::Push& streams) {
    std::size_t bytes = 0;
    for (const auto& stream : streams) {
        for (const auto& line : stream.lines) {
            bytes += line.text.size();
        }
    }
    return bytes;
}

// As the distributor answers when gRPC refuses what it hands to an ingester.
Asked too_large_within() {
    return answered(500,
                    "rpc error: code = ResourceExhausted desc = grpc: received message larger than "
                    "max (4200000 vs. 4194304)");
}

}  // namespace

TEST_CASE("delivery: a batch of long lines is no larger than what Loki's parts take at once") {
    DeliveryRig rig;
    for (int i = 0; i < 60; ++i) {  // a line of 4 MiB that is no text is three times as long
        rig.add(std::string(240 * kib, 'x'), noon + i * 1ns);
    }
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        return bytes_of(streams) > 4096 * kib ? too_large_within() : answered(204);
    };
    CHECK(rig.deliver().lines == 60);
    CHECK(rig.board.read().pushes.failures.empty());
}

TEST_CASE("delivery: where Loki's parts take less, what they refuse is halved, and a line parked") {
    DeliveryRig rig;
    rig.add_lines(50);
    rig.add(std::string(100 * kib, 'x'));
    rig.add("last", noon + 1s);
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        return bytes_of(streams) > kib || count_of(streams) > 10 ? too_large_within()
                                                                 : answered(204);
    };
    const auto& done = rig.deliver();
    CHECK(done.lines == 51);
    REQUIRE(done.quarantined.size() == 1);
    CHECK(done.quarantined[0].reason.find("larger than max") != std::string::npos);
    CHECK(rig.texts().back() == "last");
}

TEST_CASE("delivery: a push that is more than a rate ever allows becomes smaller, in order") {
    DeliveryRig rig;
    rig.add_lines(100);
    rig.loki.answer = [](const FakeLoki::Push& streams) {
        return count_of(streams) > 10 ? answered(429, "ingestion rate limit exceeded")
                                      : answered(204);
    };
    CHECK(rig.deliver().lines == 100);
    REQUIRE(rig.texts().size() == 100);
    for (int i = 0; i < 100; ++i) {
        CHECK(rig.texts()[static_cast<std::size_t>(i)] == std::to_string(i));
    }
}

TEST_CASE(
    "delivery: a single line is never too fast for good, and what is slowed twice stays whole") {
    DeliveryRig rig;
    rig.add_lines(8);
    int slowed = 0;
    rig.loki.answer = [&](const FakeLoki::Push& /*streams*/) {
        return ++slowed <= 2 ? answered(429, "too fast") : answered(204);
    };
    CHECK(rig.deliver().lines == 8);
    CHECK(rig.loki.pushes.size() == 3);
    rig.batch.clear();
    rig.add("alone");
    slowed = -10;
    CHECK(rig.deliver().lines == 1);
}

TEST_CASE("delivery: a stream with much to say has a push of its own, small ones go together") {
    DeliveryRig rig;
    const std::set<std::string> large{"b.service", "d.service"};
    for (int i = 0; i < 40; ++i) {
        for (const auto* unit : {"a.service", "b.service", "c.service", "d.service"}) {
            rig.add(std::string(large.contains(unit) ? 8 * kib : 10, 'x') + std::to_string(i),
                    noon + i * 1ms,
                    unit);
        }
    }
    CHECK(rig.deliver().lines == 160);
    CHECK(rig.loki.pushes.size() == 3);
    for (const auto& streams : rig.loki.pushes) {
        CHECK((streams.size() == 1) == (bytes_of(streams) > 100 * kib));
    }
    for (const auto* unit : {"a.service", "b.service", "c.service", "d.service"}) {
        const auto texts = rig.texts(unit);
        REQUIRE(texts.size() == 40);
        CHECK(texts.back().ends_with("x39"));
    }
}

TEST_CASE("delivery: what is pushed apart does not make the rest of its batch late") {
    DeliveryRig rig;
    rig.add("early", noon - 5h, "small.service");
    rig.add("late", noon, "small.service");
    rig.add(std::string(200 * kib, 'x'), noon, "large.service");
    rig.deliver();
    REQUIRE(rig.loki.pushes.size() == 2);
    const auto& stored = rig.loki.stored[rig.streams.labels(rig.stream("small.service"))];
    REQUIRE(stored.size() == 2);
    CHECK(stored[0].at == noon - 5h);
}
