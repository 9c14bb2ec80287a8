#include "collectors/mounts.h"

#include "tests/collectors/bad_inputs.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace collectors;

namespace {

std::vector<std::string> reachable(std::string_view text) {
    std::vector<std::string> found;
    for (const auto& mount : on_top(parse_mounts(text).value())) {
        found.push_back(mount.mountpoint + "=" + mount.source);
    }
    return found;
}

Mount fuse(std::string options) {
    Mount mount;
    mount.fstype = "fuse.sshfs";
    mount.superblock_options = std::move(options);
    return mount;
}

}  // namespace

TEST_CASE("parse_mounts: reads every part, with any number of optional fields") {
    const auto mounts = parse_mounts(
                            "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
                            "36 27 98:0 /mnt1 /mnt2 ro,noatime master:1 propagate_from:2 - nfs4 "
                            "server:/export rw,errors=continue\n")
                            .value();
    REQUIRE(mounts.size() == 2);
    CHECK(mounts[0].id == 27);
    CHECK(mounts[0].parent == 1);
    CHECK(mounts[0].mountpoint == "/");
    CHECK(mounts[1].device_number == "98:0");
    CHECK(mounts[1].mountpoint == "/mnt2");
    CHECK(mounts[1].options == "ro,noatime");
    CHECK(mounts[1].fstype == "nfs4");
    CHECK(mounts[1].source == "server:/export");
    CHECK(mounts[1].superblock_options == "rw,errors=continue");
}

TEST_CASE("parse_mounts: octal escapes become the bytes they stand for") {
    const auto mounts =
        parse_mounts(R"(1 0 0:1 / /a\040b\011c\012d\134e\043f rw - tmpfs x\040y rw)").value();
    CHECK(mounts[0].mountpoint == "/a b\tc\nd\\e#f");
    CHECK(mounts[0].source == "x y");
    CHECK(parse_mounts(R"(1 0 0:1 / /a\999\04 rw - tmpfs x rw)").value()[0].mountpoint ==
          R"(/a\999\04)");
}

TEST_CASE("parse_mounts: a source may be empty, a mountpoint may hold the separator's look") {
    CHECK(parse_mounts("1 0 0:1 / /a rw - tmpfs  rw,size=1k\n").value()[0].superblock_options ==
          "rw,size=1k");
    CHECK(parse_mounts(R"(1 0 0:1 / /a\040-\040b rw - tmpfs x rw)").value()[0].mountpoint ==
          "/a - b");
}

TEST_CASE("parse_mounts: refuses what is short or garbage") {
    CHECK_FALSE(parse_mounts("27 1 254:0 / / rw,relatime\n"));
    CHECK_FALSE(parse_mounts("27 1 254:0 / / rw,relatime - \n"));
    CHECK_FALSE(parse_mounts("a b 254:0 / / rw - ext4 /dev/vda rw\n"));
    CHECK_FALSE(parse_mounts("27 1 254:0 / relative rw - ext4 /dev/vda rw\n"));
    for (const auto& text : bad_inputs()) {
        CHECK_FALSE(parse_mounts(text));
    }
}

TEST_CASE("on_top: of several mounts at one place the last one is reached") {
    CHECK(reachable("1 0 0:1 / / rw - ext4 root rw\n"
                    "2 1 0:2 / /mnt rw - tmpfs below rw\n"
                    "3 2 0:3 / /mnt rw - tmpfs above rw\n") ==
          std::vector<std::string>{"/=root", "/mnt=above"});
}

TEST_CASE("on_top: a mount that others were moved under stays on top") {
    CHECK(reachable("1 0 0:1 / / rw - ext4 root rw\n"
                    "2 3 0:2 / /mnt rw - tmpfs above rw\n"
                    "3 1 0:3 / /mnt rw - tmpfs below rw\n") ==
          std::vector<std::string>{"/=root", "/mnt=above"});
}

TEST_CASE("on_top: what lies under a mount over its parent directory is not reached") {
    CHECK(reachable("1 0 0:1 / / rw - ext4 root rw\n"
                    "2 1 0:2 / /home rw - ext4 home rw\n"
                    "3 2 0:3 / /home/runner/work rw - ext4 work rw\n"
                    "4 2 0:4 / /home rw - tmpfs cover rw\n"
                    "5 4 0:5 / /home/new rw - tmpfs new rw\n") ==
          std::vector<std::string>{"/=root", "/home=cover", "/home/new=new"});
}

TEST_CASE("on_top: bind mounts of one device stay, each at its own place") {
    CHECK(reachable("1 0 254:0 / / rw - ext4 root rw\n"
                    "2 1 254:0 /srv /export rw - ext4 root rw\n")
              .size() == 2);
}

TEST_CASE("on_top: a table that turns in a circle ends") {
    CHECK(reachable("1 2 0:1 / /a rw - tmpfs x rw\n"
                    "2 1 0:2 / /a rw - tmpfs y rw\n"
                    "3 3 0:3 / / rw - tmpfs z rw\n")
              .size() == 2);
}

TEST_CASE("has_option: whole words only") {
    CHECK(has_option("ro,discard", "ro"));
    CHECK(has_option("discard,ro", "ro"));
    CHECK_FALSE(has_option("rw,errors=remount-ro,rootcontext=x", "ro"));
    CHECK_FALSE(has_option("", "ro"));
}

TEST_CASE("is_remote: network and FUSE, not the disks of this host") {
    for (const auto* fstype : {"nfs",
                               "nfs4",
                               "cifs",
                               "smb3",
                               "9p",
                               "ceph",
                               "fuse",
                               "fuseblk",
                               "fuse.sshfs",
                               "fuse.glusterfs",
                               "virtiofs",
                               "afs"}) {
        CHECK(is_remote(fstype));
    }
    for (const auto* fstype : {"ext4", "xfs", "btrfs", "tmpfs", "zfs", "vfat", "nfsd", "fusectl"}) {
        CHECK_FALSE(is_remote(fstype));
    }
}

TEST_CASE("is_private_fuse: what a user mounted for himself nobody else can look into") {
    CHECK(is_private_fuse(fuse("rw,user_id=1000,group_id=1000")));
    CHECK_FALSE(is_private_fuse(fuse("rw,user_id=1000,group_id=1000,allow_other")));
    CHECK_FALSE(is_private_fuse(fuse("rw,user_id=0,group_id=0")));
    auto disk = fuse("rw");
    disk.fstype = "ext4";
    CHECK_FALSE(is_private_fuse(disk));
}

TEST_CASE("is_excluded: a directory with all below it, or with a slash at its end what is below") {
    const auto defaults = default_excluded_mountpoints();
    CHECK(is_excluded("/dev", defaults));
    CHECK(is_excluded("/dev/shm", defaults));
    CHECK_FALSE(is_excluded("/devel", defaults));
    CHECK_FALSE(is_excluded("/var/lib/docker", defaults));
    CHECK(is_excluded("/var/lib/docker/overlay2/x/merged", defaults));
    CHECK_FALSE(is_excluded("/", defaults));
    CHECK_FALSE(is_excluded("/dev", {}));
}
