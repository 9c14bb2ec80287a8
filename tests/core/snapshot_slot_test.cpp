#include "core/snapshot_slot.h"

#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const Snapshot> numbered(std::uint64_t sequence) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->sequence = sequence;
    return snapshot;
}

}  // namespace

TEST_CASE("SnapshotSlot: is empty until the first publication") {
    const SnapshotSlot slot;
    CHECK(slot.latest() == nullptr);
    CHECK(slot.newer_than(0, 1ms) == nullptr);
}

TEST_CASE("SnapshotSlot: a waiting reader gets the publication it waited for") {
    SnapshotSlot slot;
    slot.publish(numbered(1));
    std::thread writer{[&] { slot.publish(numbered(2)); }};
    const auto got = slot.newer_than(1, 10s);
    writer.join();
    REQUIRE(got);
    CHECK(got->sequence == 2);
}

TEST_CASE("SnapshotSlot: a reader out of patience gets what is there") {
    SnapshotSlot slot;
    slot.publish(numbered(1));
    CHECK(slot.newer_than(1, 1ms)->sequence == 1);
}

TEST_CASE("fresh: a fact older than thirty seconds is not current") {
    const Now noon{.wall = WallTime{12h}, .boot = BootTime{1h}};
    const Sourced<int> fact{.value = 7, .taken = noon};
    CHECK(fresh(fact, noon) != nullptr);
    CHECK(fresh(fact, {.wall = noon.wall, .boot = noon.boot + 30s}) != nullptr);
    CHECK(fresh(fact, {.wall = noon.wall, .boot = noon.boot + 31s}) == nullptr);
    CHECK(fresh(Sourced<int>{}, noon) == nullptr);
}
