#include "forwarder/journal_reserve.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};

std::string archive(const std::string& family, WallTime begins) {
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(begins.time_since_epoch());
    std::array<char, 32> hex{};
    std::snprintf(
        hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(since.count()));
    return family + "@0123456789abcdef0123456789abcdef-0000000000000001-" + hex.data() + ".journal";
}

}  // namespace

TEST_CASE("journal reserve: an archive tells by its name when it begins") {
    CHECK(archive_begins(archive("system", noon)) == noon);
    CHECK(archive_begins(archive("user-1000", noon)) == noon);
    for (const auto* odd : {"",
                            "system.journal",
                            "user-1000.journal",
                            "system@.journal",
                            "system@0123-1-xyz.journal",
                            "system@0123-1-62bd5a.journal~",
                            "@-.journal",
                            "\xFF@-\xFF.journal"}) {
        CHECK_FALSE_MESSAGE(archive_begins(odd), odd);
    }
}

TEST_CASE("journal reserve: archives count when the next of their family is behind the place") {
    const std::vector<platform::JournalFile> files{
        {archive("system", noon + 2h), 4},  // in no order
        {archive("system", noon), 1},
        {archive("system", noon + 1h), 2},
        {archive("user-1000", noon), 100},
        {archive("user-1000", noon + 1h), 200},
        {"system.journal", 1'000},
        {"garbage", 10'000},
    };
    CHECK(reserve_bytes(files, noon - 1h) == 0);
    CHECK(reserve_bytes(files, noon + 30min) == 0);
    CHECK(reserve_bytes(files, noon + 1h) == 101);
    CHECK(reserve_bytes(files, noon + 90min) == 101);
    CHECK(reserve_bytes(files, noon + 2h) == 103);
    CHECK(reserve_bytes(files, noon + 100h) == 103);  // the last of each may not be read to its end
    CHECK(reserve_bytes({}, noon) == 0);
    CHECK(reserve_bytes({{"system.journal", 5}}, noon) == 0);
}

TEST_CASE("journal reserve: what may still be written is bounded by use and by the disk") {
    const JournalLimits limits{.most = 1'000, .keep_free = 200};
    CHECK(room_bytes(limits, 300, 10'000) == 700);
    CHECK(room_bytes(limits, 300, 500) == 300);
    CHECK(room_bytes(limits, 300, 200) == 0);
    CHECK(room_bytes(limits, 300, 0) == 0);
    CHECK(room_bytes(limits, 1'000, 10'000) == 0);
    CHECK(room_bytes(limits, 1'001, 10'000) == 0);
}
