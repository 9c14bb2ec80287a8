#include "collectors/filesystem.h"

#include "tests/collectors/bad_inputs.h"
#include "tests/support/eventually.h"
#include "tests/support/small_root.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>

#include <doctest/doctest.h>

using namespace paws;
using namespace std::chrono_literals;
using collectors::FilesystemCollector;
using collectors::FilesystemSettings;

namespace {

constexpr FilesystemUsage some_space{1000, 400, 100, 50};

FilesystemCollector collector_of(const SmallRoot& host, FilesystemSettings settings) {
    return {host.root(), std::move(settings)};
}

FilesystemSettings answering(FilesystemUsage usage) {
    FilesystemSettings settings;
    settings.usage = [usage](const std::string&) { return Result<FilesystemUsage>{usage}; };
    return settings;
}

// /dead answers only once it is let go; everything else at once.
struct DeadServer {
    std::promise<void> revive;
    std::shared_future<void> revived = revive.get_future().share();
    std::atomic<int> asked = 0;
};

FilesystemSettings with(const std::shared_ptr<DeadServer>& server) {
    FilesystemSettings settings;
    settings.patience = 20ms;
    settings.usage = [server](const std::string& mountpoint) -> Result<FilesystemUsage> {
        if (mountpoint.starts_with("/dead")) {
            ++server->asked;
            server->revived.wait();
        }
        return some_space;
    };
    return settings;
}

std::vector<Filesystem> filesystems(FilesystemCollector& collector) {
    Facts draft;
    collector.collect(draft, Now{}).value()(draft);
    return *draft.host.filesystems.value;
}

constexpr std::string_view root_and_dead =
    "1 0 254:0 / / rw - ext4 /dev/vda rw\n"
    "2 1 0:50 / /dead rw - nfs4 server:/export rw\n"
    "3 2 254:1 / /dead/disk rw - ext4 /dev/vdb rw\n";

}  // namespace

TEST_CASE("filesystem: reports place, device, type and space of every mount, by mountpoint") {
    const SmallRoot host;
    host.write("proc/1/mountinfo",
               "1 0 254:0 / / rw - ext4 /dev/vda rw\n"
               "3 1 0:30 / /tmp rw - tmpfs tmpfs rw\n"
               "2 1 254:1 / /srv/a\\040b rw - xfs /dev/vdb rw\n"
               "4 1 0:5 / /dev rw - devtmpfs devtmpfs rw\n"
               "5 4 0:6 / /dev/shm rw - tmpfs tmpfs rw\n"
               "6 1 0:7 / /proc rw - proc proc rw\n"
               "7 1 0:8 / /snap/core rw - squashfs /dev/loop0 ro\n");
    auto collector = collector_of(host, answering(some_space));
    const auto found = filesystems(collector);
    REQUIRE(found.size() == 3);
    CHECK(found[0].mountpoint == "/");
    CHECK(found[0].device == "/dev/vda");
    CHECK(found[0].fstype == "ext4");
    CHECK(found[0].usage->avail_bytes == 400);
    CHECK(found[1].mountpoint == "/srv/a b");
    CHECK(found[2].mountpoint == "/tmp");
}

TEST_CASE(
    "filesystem: read-only is what the superblock says, and the mount when init tells of it") {
    const SmallRoot host;
    constexpr std::string_view table =
        "1 0 254:0 / / rw - ext4 /dev/vda ro,errors=remount-ro\n"
        "2 1 254:1 / /srv ro - xfs /dev/vdb rw\n";
    host.write("proc/1/mountinfo", table);
    auto by_init = collector_of(host, answering(some_space));
    CHECK(filesystems(by_init)[0].read_only);
    CHECK(filesystems(by_init)[1].read_only);
    const SmallRoot sandboxed;
    sandboxed.write("proc/self/mountinfo", table);
    auto by_self = collector_of(sandboxed, answering(some_space));
    CHECK(filesystems(by_self)[0].read_only);
    CHECK_FALSE(filesystems(by_self)[1].read_only);
}

TEST_CASE("filesystem: what is excluded is never asked") {
    const SmallRoot host;
    host.write("proc/1/mountinfo", root_and_dead);
    auto settings = answering(some_space);
    settings.exclude_fstypes = {"ext4"};
    settings.exclude_mountpoints = {"/dead"};
    settings.usage = [](const std::string&) -> Result<FilesystemUsage> { throw 1; };
    auto collector = collector_of(host, settings);
    CHECK(filesystems(collector).empty());
}

TEST_CASE("filesystem: one without blocks has no space to watch") {
    const SmallRoot host;
    host.write("proc/1/mountinfo", "1 0 0:9 / /ram rw - ramfs ramfs rw\n");
    auto collector = collector_of(host, answering({}));
    CHECK(filesystems(collector).empty());
}

TEST_CASE("filesystem: one that refuses is reported without usage and with the reason") {
    const SmallRoot host;
    host.write("proc/1/mountinfo", "1 0 254:0 / / rw - ext4 /dev/vda rw\n");
    FilesystemSettings settings;
    settings.usage = [](const std::string&) -> Result<FilesystemUsage> {
        return Error{Errc::denied, "statvfs: Permission denied"};
    };
    auto collector = collector_of(host, settings);
    const auto found = filesystems(collector);
    REQUIRE(found.size() == 1);
    CHECK_FALSE(found[0].usage);
    CHECK(found[0].error == "statvfs: Permission denied");
}

TEST_CASE("filesystem: a dead server costs its own mounts, once, and nobody else") {
    const SmallRoot host;
    host.write("proc/1/mountinfo", root_and_dead);
    const auto server = std::make_shared<DeadServer>();
    auto collector = collector_of(host, with(server));
    for (int round = 0; round < 3; ++round) {
        const auto found = filesystems(collector);
        REQUIRE(found.size() == 3);
        CHECK(found[0].usage);
        CHECK_FALSE(found[1].usage);
        CHECK(found[1].error.starts_with("does not answer statvfs"));
        CHECK_FALSE(found[2].usage);  // a local disk, but the way to it leads over the server
    }
    CHECK(eventually([&] { return server->asked == 2; }));
    server->revive.set_value();
    CHECK(eventually([&] {
        const auto found = filesystems(collector)[1].usage;
        return found && found->size_bytes == 1000;
    }));
}

TEST_CASE("filesystem: a mount that comes anew at a dead one's place is asked anew") {
    const SmallRoot host;
    host.write("proc/1/mountinfo", "2 1 0:50 / /dead rw - nfs4 server:/export rw\n");
    const auto server = std::make_shared<DeadServer>();
    auto collector = collector_of(host, with(server));
    CHECK_FALSE(filesystems(collector)[0].usage);
    host.write("proc/1/mountinfo", "9 1 0:51 / /dead rw - nfs4 server:/export rw\n");
    CHECK_FALSE(filesystems(collector)[0].usage);
    host.write("proc/1/mountinfo", "9 1 0:51 / /alive rw - nfs4 server:/export rw\n");
    CHECK(eventually([&] { return filesystems(collector)[0].usage.has_value(); }));
    CHECK(eventually([&] { return server->asked == 2; }));
    server->revive.set_value();
}

TEST_CASE("filesystem: however many mounts hang, the threads are bounded") {
    const SmallRoot host;
    std::string table;
    for (int id = 100; id < 300; ++id) {
        table += std::to_string(id) + " 1 0:9 / /dead" + std::to_string(id) +
                 " rw - fuse.x x rw,user_id=1000,allow_other\n";
    }
    host.write("proc/1/mountinfo", table);
    const auto server = std::make_shared<DeadServer>();
    auto collector = collector_of(host, with(server));
    const auto found = filesystems(collector);
    CHECK(found.size() == 200);
    CHECK(std::ranges::none_of(found, [](const auto& each) { return each.usage.has_value(); }));
    CHECK(found[199].error.starts_with("not asked: "));
    CHECK(server->asked <= static_cast<int>(collectors::straggler_limit));
    server->revive.set_value();
}

TEST_CASE("filesystem: what cannot be told apart when shown is shown once") {
    const SmallRoot host;
    host.write("proc/1/mountinfo",
               "1 0 0:1 / /a\\012 rw - tmpfs x rw\n"
               "2 0 0:2 / /a\\011 rw - tmpfs x rw\n"
               "3 0 0:3 / /gone//deleted rw - tmpfs x rw\n");
    auto collector = collector_of(host, answering(some_space));
    CHECK(filesystems(collector).size() == 1);
}

TEST_CASE("filesystem: a mount table that is garbage or missing is a failure that names it") {
    const SmallRoot host;
    auto collector = collector_of(host, answering(some_space));
    CHECK(collector.collect({}, Now{}).error().code == Errc::unavailable);
    for (const auto& text : bad_inputs()) {
        host.write("proc/1/mountinfo", text);
        const auto filled = collector.collect({}, Now{});
        REQUIRE_FALSE(filled);
        CHECK(filled.error().what.find("/proc/1/mountinfo: ") != std::string::npos);
    }
    host.write("proc/1/mountinfo", root_and_dead);
    CHECK(filesystems(collector).size() == 3);
}
