#include "collectors/filesystem.h"

#include "tests/support/fuse_server.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace paws;
using namespace std::chrono_literals;
using collectors::FilesystemCollector;

namespace {

// A file system mounted for one test, at a directory of its own unless told where.
class Mounted {
public:
    Mounted(const std::string& where, const char* fstype, const std::string& options)
        : where_{where} {
        std::filesystem::create_directories(where);
        REQUIRE(::mount("paws-test", where.c_str(), fstype, 0, options.c_str()) == 0);
    }
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;
    ~Mounted() { ::umount2(where_.c_str(), MNT_DETACH); }

    void remount(unsigned long flags) const {
        REQUIRE(::mount(nullptr, where_.c_str(), nullptr, MS_REMOUNT | flags, nullptr) == 0);
    }

private:
    std::string where_;
};

FilesystemCollector collector(std::chrono::milliseconds patience = 10s) {
    collectors::FilesystemSettings settings;
    settings.patience = patience;
    return {*platform::RootFs::open("/"), settings};
}

std::optional<Filesystem> look(FilesystemCollector& collector, const std::string& mountpoint) {
    Facts draft;
    collector.collect(draft, Now{}).value()(draft);
    const auto& all = *draft.host.filesystems.value;
    const auto found = std::ranges::find(all, mountpoint, &Filesystem::mountpoint);
    return found == all.end() ? std::nullopt : std::optional{*found};
}

int threads_named(const std::string& name) {
    int count = 0;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        std::string comm;
        std::getline(std::ifstream{task.path() / "comm"}, comm);
        count += comm == name ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("filesystem: a full tmpfs has nothing left for a writer") {
    const TemporaryDirectory directory;
    const auto where = directory.path() / "full";
    const Mounted full{where, "tmpfs", "size=1m"};
    auto collect = collector();
    CHECK(look(collect, where)->usage->avail_bytes == 1U << 20U);
    std::ofstream{where / "file"} << std::string(2U << 20U, 'x');
    const auto found = look(collect, where);
    CHECK(found->usage->size_bytes == 1U << 20U);
    CHECK(found->usage->avail_bytes == 0);
    CHECK(found->fstype == "tmpfs");
    CHECK(found->device == "paws-test");
    CHECK_FALSE(found->read_only);
}

TEST_CASE("filesystem: a tmpfs out of inodes says so while bytes are left") {
    const TemporaryDirectory directory;
    const auto where = directory.path() / "inodes";
    const Mounted crowded{where, "tmpfs", "size=1m,nr_inodes=10"};
    for (int file = 0; file < 20; ++file) {
        std::ofstream{where / std::to_string(file)};
    }
    auto collect = collector();
    const auto usage = look(collect, where)->usage;
    CHECK(usage->files == 10);
    CHECK(usage->files_free == 0);
    CHECK(usage->avail_bytes > 0);
}

TEST_CASE("filesystem: a remount to read-only is seen, and one back") {
    const TemporaryDirectory directory;
    const auto where = directory.path() / "remounted";
    const Mounted mounted{where, "tmpfs", "size=1m"};
    auto collect = collector();
    CHECK_FALSE(look(collect, where)->read_only);
    mounted.remount(MS_RDONLY);
    CHECK(look(collect, where)->read_only);
    mounted.remount(0);
    CHECK_FALSE(look(collect, where)->read_only);
}

TEST_CASE("filesystem: blanks in a mountpoint, a bind mount and a mount on top of another") {
    const TemporaryDirectory directory;
    const auto spaced = directory.path() / "with a blank";
    const auto bound = directory.path() / "bound";
    const Mounted below{spaced, "tmpfs", "size=1m"};
    auto collect = collector();
    {
        const Mounted above{spaced, "tmpfs", "size=2m"};
        CHECK(look(collect, spaced)->usage->size_bytes == 2U << 20U);
        std::filesystem::create_directory(bound);
        REQUIRE(::mount(spaced.c_str(), bound.c_str(), nullptr, MS_BIND, nullptr) == 0);
        CHECK(look(collect, bound)->usage->size_bytes == 2U << 20U);
        ::umount2(bound.c_str(), MNT_DETACH);
    }
    CHECK(look(collect, spaced)->usage->size_bytes == 1U << 20U);
    CHECK_FALSE(look(collect, bound));
}

TEST_CASE("filesystem: what the agent's sandbox hides is not told in the other's name") {
    const TemporaryDirectory directory;
    const auto where = directory.path() / "home";
    const Mounted real{where, "tmpfs", "size=1m"};
    const auto child = ::fork();
    if (child == 0) {  // a daemon whose sandbox puts an empty tmpfs there
        const bool hidden = ::unshare(CLONE_NEWNS) == 0 &&
                            ::mount("inaccessible", where.c_str(), "tmpfs", 0, "size=4k") == 0;
        auto collect = collector();
        const auto found = look(collect, where);
        const bool honest =
            found && !found->usage && found->error.find("sandbox") != std::string::npos;
        ::_exit(hidden && honest ? 0 : 1);
    }
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("filesystem: a FUSE process that stops answering holds up nobody") {
    if (!FuseServer::possible()) {
        MESSAGE("skipped: /dev/fuse is not there or not ours to open");
        return;
    }
    const TemporaryDirectory directory;
    const auto where = directory.path() / "fuse";
    const auto neighbour = directory.path() / "neighbour";
    std::filesystem::create_directory(where);
    const Mounted tmpfs{neighbour, "tmpfs", "size=1m"};
    FuseServer server{where, {1U << 20U, 1U << 19U, 100, 60}};
    constexpr auto patience = 5s;
    auto collect = collector(patience);
    CHECK(look(collect, where)->usage->avail_bytes == 1U << 19U);
    CHECK(look(collect, where)->usage->files_free == 60);

    server.stop_answering();
    for (int round = 0; round < 3; ++round) {
        const auto begun = std::chrono::steady_clock::now();
        const auto found = look(collect, where);
        const auto lasted = std::chrono::steady_clock::now() - begun;
        CHECK_FALSE(found->usage);
        CHECK(found->error.starts_with("does not answer statvfs"));
        CHECK(found->device == "paws-test");
        CHECK(lasted < (round == 0 ? 4 * patience : patience));  // waits once, then never again
        CHECK(look(collect, neighbour)->usage);
        CHECK(threads_named("statvfs") == 1);
    }

    server.answer_again();
    std::optional<Filesystem> found;
    const auto deadline = platform::deadline_in(20s);
    do {
        std::this_thread::yield();
        found = look(collect, where);
    } while (!found->usage && std::chrono::steady_clock::now() < deadline);
    CHECK(found->usage->size_bytes == 1U << 20U);
    CHECK(found->error.empty());
    CHECK(threads_named("statvfs") == 1);
}
