// Files of users come and go (forwarder/journal_numbers.h): nothing is passed over, and what is
// lost is counted.

#include "tests/forwarder/journal_users.h"

#include <cstddef>
#include <filesystem>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

TEST_CASE("journal of users: what is gone from between lines of others is counted, to the line") {
    for (const bool reopened : {false, true}) {
        for (const std::size_t entries : {1U, 50U, 500U}) {
            CAPTURE(reopened);
            CAPTURE(entries);
            UsersRig rig;
            for (const auto& file : files_of_users) {
                rig.log(5, file);
            }
            rig.bounds.entries = entries;
            rig.open();
            CHECK(rig.read() == numbers(1, 15));
            const std::string archive = "user-1000@1.journal";
            rig.begin_file(archive, files_of_users[1]);
            REQUIRE(rig.source->process());
            std::set<int> there;
            for (int turn = 0; turn < 20; ++turn) {
                rig.log(7, archive);
                const int first = rig.last + 1;
                rig.log(3, files_of_users[0]);
                rig.log(4, files_of_users[2]);
                there.merge(from_to(first, rig.last));
            }
            std::filesystem::remove(rig.file(archive));
            if (reopened) {
                rig.open();
            } else {
                REQUIRE(rig.source->process());
            }
            CHECK(told(as_set(rig.read())) == told(there));
            CHECK(rig.lost(LogLoss::vacuumed) == 20 * 7);
            CHECK(rig.lost(LogLoss::unreadable) == 0);
        }
    }
}

TEST_CASE("journal of users: a file that came while others were read is read from its beginning") {
    for (const bool filtered : {false, true}) {
        for (const std::size_t entries : {1U, 20U, 500U}) {
            CAPTURE(filtered);
            CAPTURE(entries);
            UsersRig rig;
            rig.filter.units = filtered ? Texts{"a.service"} : Texts{};
            rig.fields["_SYSTEMD_UNIT"] = "a.service";
            rig.bounds.entries = entries;
            rig.log(5, files_of_users[0]);
            rig.open();
            CHECK(rig.read() == numbers(1, 5));
            rig.log(40, files_of_users[1]);
            rig.log(39, files_of_users[0]);
            rig.zeros = true;  // for which files are looked at within the read
            rig.log(1, files_of_users[0]);
            rig.zeros = false;
            auto at_once = rig.read();  // nobody has looked for files before it
            CHECK(at_once.size() == 80);
            auto there = as_set(at_once);
            REQUIRE(rig.source->process());
            there.merge(as_set(rig.read()));
            CHECK(missing(from_to(6, 85), there) == "");
            for (const int more : {2, 30, 7}) {
                for (const auto& file : files_of_users) {
                    rig.log(more, file);
                }
                there.merge(as_set(rig.read()));
            }
            REQUIRE(rig.source->process());
            there.merge(as_set(rig.read()));
            CHECK(missing(from_to(6, rig.last), there) == "");
            CHECK(rig.intake.counts().lost.empty());
        }
    }
}

TEST_CASE(
    "journal of users: whenever files come and are looked for, what is lost is counted exactly") {
    for (const auto seed : seeds(5)) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        UsersRig rig;
        rig.log(1 + static_cast<int>(random() % 5), files_of_users[0]);
        rig.open();
        std::set<int> there;
        for (int turn = 0; turn < 40; ++turn) {
            rig.log(1 + static_cast<int>(random() % 40), files_of_users.at(random() % 3));
            if (random() % 2 == 0) {
                REQUIRE(rig.source->process());
            }
            rig.read_once();
            there.merge(as_set(rig.take_lines()));
        }
        const auto read_all = [&] {
            REQUIRE(rig.source->process());
            there.merge(as_set(rig.read()));
        };
        for (const auto& file : files_of_users) {
            rig.log(3, file);
        }
        read_all();
        CHECK(missing(from_to(1, rig.last), there) == "");
        CHECK(rig.intake.counts().lost.empty());
        const std::string archive = "user-1000@1.journal";
        rig.begin_file(archive, files_of_users[1]);
        REQUIRE(rig.source->process());
        rig.log(50, archive);
        rig.log(1, files_of_users[0]);
        std::filesystem::remove(rig.file(archive));
        for (int turn = 0; turn < 3; ++turn) {
            for (const auto& file : files_of_users) {
                rig.log(3, file);
            }
            read_all();
        }
        CHECK(there.size() == static_cast<std::size_t>(rig.last) - 50);
        CHECK(rig.lost(LogLoss::vacuumed) == 50);
        CHECK(rig.lost(LogLoss::unreadable) == 0);
    }
}
