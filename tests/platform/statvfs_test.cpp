#include "platform/statvfs.h"

#include "tests/support/small_root.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <sys/statvfs.h>

using namespace paws;
using platform::filesystem_usage;

TEST_CASE("filesystem_usage: tells what statvfs tells, below its root") {
    const SmallRoot host;
    host.write("srv/data/file", "");
    struct statvfs space {};
    REQUIRE(::statvfs(host.path().c_str(), &space) == 0);
    const auto usage = filesystem_usage(host.root(), "/srv/data").value();
    CHECK(usage.size_bytes == space.f_blocks * space.f_frsize);
    CHECK(usage.files == space.f_files);
    CHECK(usage.avail_bytes <= usage.size_bytes);
    CHECK(filesystem_usage(host.root(), "/").value().size_bytes == usage.size_bytes);
}

TEST_CASE("filesystem_usage: a mountpoint that is gone is absent") {
    const SmallRoot host;
    CHECK(filesystem_usage(host.root(), "/srv").error().code == Errc::absent);
}

TEST_CASE("filesystem_usage: follows no symlink that was put in the way") {
    const SmallRoot host;
    host.write("srv/data/file", "");
    std::filesystem::create_directory_symlink("data", host.path() + "/srv/link");
    CHECK_FALSE(filesystem_usage(host.root(), "/srv/link"));
    std::filesystem::create_directory_symlink("srv", host.path() + "/other");
    CHECK_FALSE(filesystem_usage(host.root(), "/other/data"));
}
