#include "collectors/disk.h"

#include "tests/collectors/bad_inputs.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws;
using collectors::parse_disks;

namespace {

std::string disk(const std::string& name) {
    return " 254       0 " + name + " 10 1 2000 3 40 5 6000 7 0 8500 9 0 0 0 0 11 12\n";
}

std::string shown(const std::string& name) {
    const auto disks = parse_disks(disk(name)).value();
    return disks.empty() ? "" : disks[0].device;
}

}  // namespace

TEST_CASE("parse_disks: sectors are 512 bytes, times milliseconds") {
    const auto disks = parse_disks(disk("vda") + disk("dm-0")).value();
    REQUIRE(disks.size() == 2);
    CHECK(disks[0].device == "vda");
    CHECK(disks[0].reads_completed == 10);
    CHECK(disks[0].read_bytes == 2000 * 512);
    CHECK(disks[0].writes_completed == 40);
    CHECK(disks[0].written_bytes == 6000 * 512);
    CHECK(disks[0].io_time_seconds == 8.5);
    CHECK(disks[1].device == "dm-0");
}

TEST_CASE("parse_disks: shows whole disks, mapped ones and what node_exporter shows") {
    for (const auto* name : {"sda",       "vda",  "xvda",  "hdb",  "sdaa",      "sdaa1", "nvme0n1",
                             "nvme10n2",  "dm-0", "dm-12", "md0",  "md127p1",   "sr0",   "mmcblk0",
                             "mmcblk0p1", "nbd0", "rbd1",  "zd16", "nvme0c0n1", "1",     "p1"}) {
        CHECK(shown(name) == name);
    }
}

TEST_CASE("parse_disks: leaves out ram, loop and floppy, and partitions of plain disks and NVMe") {
    for (const auto* name : {"ram0",
                             "ram15",
                             "zram0",
                             "loop0",
                             "loop12",
                             "fd0",
                             "sda1",
                             "sdz15",
                             "vdb2",
                             "hda1",
                             "xvda1",
                             "nvme0n1p1",
                             "nvme10n2p128"}) {
        CHECK(shown(name).empty());
    }
}

TEST_CASE("parse_disks: a host without disks has none, a line that is cut short is refused") {
    CHECK(parse_disks("").value().empty());
    CHECK_FALSE(parse_disks(" 254 0 vda 10 1 2000 3 40 5\n"));
    CHECK_FALSE(parse_disks(" 254 0 vda\n"));
    CHECK_FALSE(parse_disks(" x y vda 10 1 2000 3 40 5 6000 7 0 8500 9\n"));
    CHECK_FALSE(parse_disks(disk("vda") + "garbage\n"));
    CHECK_FALSE(parse_disks(" 254 0 vda 1 1 18446744073709551615 3 40 5 6000 7 0 8500 9\n"));
}

TEST_CASE("parse_disks: refuses garbage and shows it safely") {
    for (const auto& text : bad_inputs()) {
        if (!text.empty()) {
            CHECK_FALSE(parse_disks(text));
        }
    }
    CHECK(parse_disks("1 2 \x1B[31m 3\n").error().what ==
          "'\xEF\xBF\xBD[31m' is not a device with its counters");
}
