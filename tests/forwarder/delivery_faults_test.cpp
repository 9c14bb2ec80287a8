#include "tests/forwarder/fake_loki.h"

#include <random>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

using Texts = std::vector<std::string>;

// What becomes of the good lines of a push that Loki refuses.
enum class Refusal {
    of_all,
    of_poison,  // as Loki does: the good ones are stored, and come again
};

// Refuses some lines for good, and now and then whatever comes.
struct Moody {
    std::mt19937 random;
    Refusal refusal;
    FakeLoki& loki;
    std::vector<std::string> poison;

    bool is_poison(const pushed::Line& line) const {
        return std::ranges::find(poison, line.text) != poison.end();
    }
    void store_good_ones(const FakeLoki::Push& streams) const {
        loki.store(streams, [this](const auto& line) { return !is_poison(line); });
    }

    Asked operator()(const FakeLoki::Push& streams) {
        const auto mood = random() % 10;
        if (mood == 0) {
            return answered(429, "too fast", "0");
        }
        if (mood == 1) {
            return answered(503);
        }
        if (mood == 2) {
            if (refusal == Refusal::of_poison) {
                store_good_ones(streams);  // and the answer is lost
            }
            return timed_out();
        }
        if (mood == 3 && count_of(streams) > 5) {
            return answered(413);
        }
        if (mood == 4) {
            return answered(401);
        }
        const bool any = any_line(streams, [this](const auto& line) { return is_poison(line); });
        if (any && refusal == Refusal::of_poison) {
            store_good_ones(streams);
        }
        return any ? answered(400, "poison") : answered(204);
    }
};

void try_seed(unsigned seed, Refusal refusal) {
    INFO("seed ", seed);
    std::mt19937 random{seed};
    DeliveryRig rig;
    Moody moody{
        .random = std::mt19937{seed + 1}, .refusal = refusal, .loki = rig.loki, .poison = {}};
    const Texts units{"a.service", "b.service", "c.service"};
    std::map<std::string, Texts> good;  // by unit
    Texts bad;
    const auto share = random() % 4;  // none, few, many
    for (int i = 0, count = 1 + static_cast<int>(random() % 60); i < count; ++i) {
        const auto text = "line " + std::to_string(i);
        const auto& unit = units[random() % units.size()];
        rig.add(text, noon - std::chrono::seconds{random() % 100}, unit);
        if (random() % 8 < share) {
            moody.poison.push_back(text);
            bad.push_back(text + " pid=7");
        } else {
            good[unit].push_back(text);
        }
    }
    rig.loki.answer = std::move(moody);
    const auto& done = rig.deliver();
    Texts parked;
    for (const auto& line : done.quarantined) {
        parked.push_back(line.line);
    }
    REQUIRE(parked == bad);
    std::size_t lines = 0;
    for (const auto& unit : units) {
        REQUIRE(rig.texts(unit) == good[unit]);
        lines += good[unit].size();
    }
    REQUIRE(done.lines == lines);
}

}  // namespace

TEST_CASE("delivery: each line is stored once or parked once, in order, whatever fails") {
    for (unsigned seed = 0; seed < 400; ++seed) {
        try_seed(seed, Refusal::of_all);
    }
}

TEST_CASE("delivery: so it is with a Loki that stores the good lines of what it refuses") {
    for (unsigned seed = 0; seed < 400; ++seed) {
        try_seed(seed, Refusal::of_poison);
    }
}
