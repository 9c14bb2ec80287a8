#include "forwarder/journal_numbers.h"

#include "tests/forwarder/journal_rig.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

SequenceNumber number(std::uint64_t value, const std::string& id = "one") {
    return {.id = id, .number = value};
}

struct Counted {
    Intake intake{Streams{{}}, *Redactor::create()};
    JournalNumbers numbers;

    explicit Counted(bool filtered = false) : numbers{intake, filtered} {
        numbers.begin_after(number(100));
    }
    void take(int count) {
        for (int taken = 0; taken < count; ++taken) {
            numbers.take();
        }
    }
    std::uint64_t lost(LogLoss why) const {
        const auto counts = intake.counts();
        const auto found = counts.lost.find(why);
        return found == counts.lost.end() ? 0 : found->second;
    }
};

}  // namespace

TEST_CASE("journal numbers: as many as were taken is no loss") {
    Counted counted;
    counted.take(30);
    counted.numbers.settle(number(130), 0, LogLoss::unreadable);
    CHECK(counted.intake.counts().lost.empty());
}

TEST_CASE("journal numbers: of those between, the ones that were not taken are missing") {
    Counted counted;
    counted.take(30);
    CHECK(counted.numbers.missing(number(140), 0) == 10);
    counted.numbers.settle(number(140), 0, LogLoss::unreadable);
    CHECK(counted.lost(LogLoss::unreadable) == 10);
    CHECK(counted.intake.counts().gaps == 0);
    counted.take(5);
    counted.numbers.settle(number(145), 0, LogLoss::unreadable);
    CHECK(counted.lost(LogLoss::unreadable) == 10);
}

TEST_CASE("journal numbers: what was taken beyond the place fills no hole before it") {
    Counted counted;
    counted.take(30);
    CHECK(counted.numbers.missing(number(140), 12) == 22);
    counted.numbers.settle(number(140), 12, LogLoss::vacuumed);
    CHECK(counted.lost(LogLoss::vacuumed) == 22);
    CHECK(counted.intake.counts().gaps == 1);
    counted.numbers.settle(number(152), 0, LogLoss::vacuumed);  // those twelve
    CHECK(counted.lost(LogLoss::vacuumed) == 22);
}

TEST_CASE("journal numbers: a gap ends at the next entry and is counted once") {
    Counted counted;
    counted.take(10);
    counted.numbers.expect_gap();
    CHECK(counted.numbers.need_next());
    counted.numbers.see(number(161));  // 111 to 160 are gone
    CHECK_FALSE(counted.numbers.need_next());
    counted.take(1);
    counted.numbers.settle(number(161), 0, LogLoss::unreadable);
    CHECK(counted.lost(LogLoss::vacuumed) == 50);
    CHECK(counted.lost(LogLoss::unreadable) == 0);
    CHECK(counted.intake.counts().gaps == 1);
}

TEST_CASE("journal numbers: none expected, none told: the next entry's number is not looked at") {
    Counted counted;
    counted.numbers.see(number(161));
    CHECK(counted.intake.counts().gaps == 0);
    counted.numbers.expect_gap();
    counted.numbers.see(number(101));
    CHECK(counted.intake.counts().gaps == 0);
}

TEST_CASE("journal numbers: of another count nothing can be said") {
    Counted counted;
    counted.take(1);
    CHECK(counted.numbers.missing(number(500, "other"), 0) == 0);
    CHECK(counted.numbers.missing(number(50), 0) == 0);  // not after it
    counted.numbers.settle(number(500, "other"), 0, LogLoss::unreadable);
    CHECK(counted.intake.counts().lost.empty());
    counted.take(1);
    counted.numbers.settle(number(502, "other"), 0, LogLoss::unreadable);
    CHECK(counted.lost(LogLoss::unreadable) == 1);
}

TEST_CASE("journal numbers: with a filter others have the numbers between") {
    Counted counted{true};
    counted.numbers.expect_gap();
    CHECK_FALSE(counted.numbers.need_next());
    counted.numbers.see(number(161));
    counted.take(1);
    counted.numbers.settle(number(190), 0, LogLoss::unreadable);
    CHECK(counted.intake.counts().lost.empty());
    CHECK(counted.intake.counts().gaps == 0);
}
