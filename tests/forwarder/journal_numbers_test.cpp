#include "forwarder/journal_numbers.h"

#include "tests/forwarder/journal_rig.h"

#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

// Each is later than all that were made before it.
EntryOrder entry(std::uint64_t number, const std::string& id = "one") {
    static std::uint64_t moment = 0;
    return {.sequence = {.id = id, .number = number}, .clocks = {.monotonic = ++moment}};
}

struct Counted {
    Intake intake{Streams{{}}, *Redactor::create()};
    JournalNumbers numbers;

    explicit Counted(bool filtered = false) : numbers{intake, filtered} {
        numbers.begin_after(entry(100));
    }
    void take(int count) {
        for (int taken = 0; taken < count; ++taken) {
            numbers.skim();
        }
    }
    // So many are read, up to that one.
    void read(int count, const EntryOrder& to) {
        take(count);
        numbers.settle(to, 0, false);
    }
    void read_again(const EntryOrder& to) { numbers.settle(to, 0, true); }
    std::uint64_t lost(LogLoss why) const {
        const auto counts = intake.counts();
        const auto found = counts.lost.find(why);
        return found == counts.lost.end() ? 0 : found->second;
    }
    bool lost_nothing() const { return intake.counts().lost.empty() && intake.counts().gaps == 0; }
};

}  // namespace

TEST_CASE("journal numbers: as many as were taken is no loss") {
    Counted counted;
    counted.read(30, entry(130));
    CHECK(counted.lost_nothing());
}

TEST_CASE("journal numbers: of those between, the ones that were not taken are missing") {
    Counted counted;
    counted.take(30);
    CHECK(counted.numbers.missing(entry(140), 0) == 10);
    counted.read(0, entry(140));
    CHECK(counted.lost(LogLoss::unreadable) == 10);
    CHECK(counted.intake.counts().gaps == 0);
    counted.read(5, entry(145));
    CHECK(counted.lost(LogLoss::unreadable) == 10);
}

TEST_CASE("journal numbers: what was taken beyond the place fills no hole before it") {
    Counted counted;
    counted.take(30);
    CHECK(counted.numbers.missing(entry(140), 12) == 22);
    counted.numbers.settle(entry(140), 12, false);
    CHECK(counted.lost(LogLoss::unreadable) == 22);
    counted.read(0, entry(152));  // those twelve
    CHECK(counted.lost(LogLoss::unreadable) == 22);
}

TEST_CASE("journal numbers: what is missing since files were lost was vacuumed, and is one gap") {
    Counted counted;
    counted.read(10, entry(111));
    CHECK(counted.lost(LogLoss::unreadable) == 1);
    counted.numbers.lose_files(false);
    counted.read(1, entry(162));  // 112 to 161 are gone
    CHECK(counted.lost(LogLoss::vacuumed) == 50);
    CHECK(counted.intake.counts().gaps == 1);
    counted.read(1, entry(164));
    CHECK(counted.lost(LogLoss::unreadable) == 2);
    CHECK(counted.lost(LogLoss::vacuumed) == 50);
    CHECK(counted.intake.counts().gaps == 1);
}

TEST_CASE("journal numbers: what lies scattered was vacuumed until the end is reached") {
    Counted counted;
    counted.numbers.lose_files(true);
    counted.read(1, entry(111));
    counted.read(1, entry(122));
    CHECK(counted.lost(LogLoss::vacuumed) == 20);
    CHECK(counted.intake.counts().gaps == 2);
    counted.numbers.reach_end();
    counted.read(1, entry(124));
    CHECK(counted.lost(LogLoss::unreadable) == 1);
}

TEST_CASE("journal numbers: after files were lost the next number is to be looked at") {
    Counted counted;
    CHECK_FALSE(counted.numbers.need_next());
    counted.numbers.lose_files(false);
    CHECK(counted.numbers.need_next());
    counted.numbers.see(entry(101));
    CHECK_FALSE(counted.numbers.need_next());
}

TEST_CASE("journal numbers: without a place they count from the first that is seen") {
    Counted counted;
    counted.numbers.begin_after({});
    CHECK(counted.numbers.need_next());
    counted.numbers.see(entry(7));
    CHECK_FALSE(counted.numbers.need_next());
    counted.numbers.see(entry(9));
    counted.read(1, entry(8));
    CHECK(counted.lost(LogLoss::unreadable) == 1);
}

TEST_CASE("journal numbers: of another sequence nothing can be said before its second place") {
    Counted counted;
    counted.take(1);
    CHECK(counted.numbers.missing(entry(500, "other"), 0) == 0);
    counted.read(0, entry(500, "other"));
    CHECK(counted.lost_nothing());
    counted.read(1, entry(502, "other"));
    CHECK(counted.lost(LogLoss::unreadable) == 1);
}

TEST_CASE("journal numbers: sequences that are numbered together tell of each other's losses") {
    Counted counted;
    counted.read(10, entry(110, "two"));
    counted.read(10, entry(120, "three"));
    counted.read(10, entry(130));
    CHECK(counted.lost_nothing());
    counted.read(7, entry(140, "two"));
    CHECK(counted.lost(LogLoss::unreadable) == 3);
    counted.read(10, entry(150, "three"));
    counted.read(10, entry(160));
    CHECK(counted.lost(LogLoss::unreadable) == 3);
}

TEST_CASE("journal numbers: a loss is told of when a known sequence goes on, and once") {
    Counted counted;
    counted.numbers.lose_files(false);
    counted.read(5, entry(155, "two"));  // 101 to 150 are gone
    counted.read(5, entry(160, "two"));
    counted.read(10, entry(170, "three"));
    CHECK(counted.lost_nothing());
    counted.read(10, entry(180));
    CHECK(counted.lost(LogLoss::vacuumed) == 50);
    counted.read(10, entry(190, "two"));
    counted.read(10, entry(200, "three"));
    counted.read(10, entry(210));
    CHECK(counted.lost(LogLoss::vacuumed) == 50);
    CHECK(counted.lost(LogLoss::unreadable) == 0);
    CHECK(counted.intake.counts().gaps == 1);
}

TEST_CASE("journal numbers: sequences that are numbered apart lose nothing by that") {
    Counted counted;
    for (std::uint64_t turn = 1; turn < 10; ++turn) {
        counted.read(10, entry(100 + turn * 10));
        counted.read(10, entry(9'000 + turn * 10, "far"));
        counted.read(10, entry(turn * 10, "near"));
    }
    CHECK(counted.lost_nothing());
}

TEST_CASE("journal numbers: what is told again is not lost after that") {
    Counted counted;
    counted.read(50, entry(150));
    counted.read(50, entry(200));
    counted.read_again(entry(150));
    counted.read(1, entry(201));
    CHECK(counted.lost_nothing());
    SUBCASE("nor in another sequence") {
        counted.read(9, entry(210, "two"));
        counted.read(10, entry(220));
        counted.read_again(entry(205, "two"));
        counted.read_again(entry(215, "two"));
        counted.read(10, entry(230, "two"));
        CHECK(counted.lost_nothing());
    }
}

TEST_CASE("journal numbers: what comes late was lost before, or told, and is not counted again") {
    Counted counted;
    counted.read(10, entry(110, "two"));
    counted.read(10, entry(120));
    std::vector<EntryOrder> late;
    for (std::uint64_t number = 121; number <= 130; ++number) {
        late.push_back(entry(number));
    }
    const auto first_of_another = entry(131, "three");
    counted.read(20, entry(150, "two"));
    CHECK(counted.lost(LogLoss::unreadable) == 10);
    for (const auto& one : late) {
        counted.numbers.take(one);
    }
    counted.read(0, late.back());
    counted.numbers.take(first_of_another);
    counted.read(0, first_of_another);  // no place to count from
    counted.read(10, entry(160, "three"));
    counted.read(10, entry(170));
    counted.read(10, entry(180, "two"));
    CHECK(counted.lost(LogLoss::unreadable) == 10);
    counted.read(5, entry(190));
    CHECK(counted.lost(LogLoss::unreadable) == 15);
}

TEST_CASE("journal numbers: what comes late is told where nothing was counted as lost yet") {
    Counted counted;
    const auto late = entry(101, "two");
    counted.read(1, entry(102, "three"));
    counted.numbers.take(late);
    counted.read(0, late);
    counted.read(1, entry(103));
    CHECK(counted.lost_nothing());
}

TEST_CASE("journal numbers: a wild time in its place is not late") {
    Counted counted;
    const auto wild = entry(111);
    counted.read(10, entry(110));
    counted.numbers.take(wild);
    counted.read(1, entry(112));
    CHECK(counted.lost_nothing());
}

TEST_CASE("journal numbers: a wild number hides no loss after it") {
    Counted counted;
    counted.numbers.begin_after(entry(std::uint64_t{1} << 60U));
    counted.read(1, entry(101));
    counted.read(1, entry(103));
    CHECK(counted.lost(LogLoss::unreadable) == 1);
    counted.read(1, entry(std::uint64_t{1} << 62U, "wild"));
    counted.read(1, entry(107));  // with the wild one
    CHECK(counted.lost(LogLoss::unreadable) == 3);
}

TEST_CASE("journal numbers: with a filter others have the numbers between") {
    Counted counted{true};
    counted.numbers.lose_files(false);
    CHECK_FALSE(counted.numbers.need_next());
    counted.read(1, entry(190));
    CHECK(counted.lost_nothing());
}

TEST_CASE("journal numbers: of more sequences than it remembers those stay that were met last") {
    Counted counted;
    for (std::uint64_t id = 0; id < JournalNumbers::most_sequences; ++id) {
        counted.read(1, entry(101 + id, std::to_string(id)));
    }
    counted.read(1, entry(210));  // forgotten
    CHECK(counted.lost_nothing());
    counted.read(1, entry(220, "99"));
    CHECK(counted.lost(LogLoss::unreadable) == 18);
}
