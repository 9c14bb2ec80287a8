#include "platform/beneath_usage.h"

#include "tests/support/temporary_directory.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using platform::Beneath;
using platform::BeneathUsage;
using platform::RootFs;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, std::size_t bytes) {
    fs::create_directories(file.parent_path());
    std::ofstream{file} << std::string(bytes, 'x');
}

Beneath beneath(const fs::path& directory) {
    return *Beneath::open(*RootFs::open("/"), directory.string());
}

std::uint64_t walk(BeneathUsage& usage) {
    for (int part = 0; part < 100'000; ++part) {
        std::size_t entries = 50;
        const auto complete = usage.advance(entries, 10s);
        REQUIRE(complete);
        if (*complete) {
            break;
        }
    }
    return usage.bytes();
}

std::uint64_t usage_of(const fs::path& directory) {
    BeneathUsage usage{beneath(directory), {}};
    return walk(usage);
}

// What du(1) says, in bytes on disk.
std::uint64_t du(const fs::path& directory, const std::string& options = "-sx") {
    const auto command = "du " + options + " -B1 '" + directory.string() + "'";
    FILE* output = ::popen(command.c_str(), "r");
    REQUIRE(output != nullptr);
    std::array<char, 256> line{};
    REQUIRE(std::fgets(line.data(), line.size(), output) != nullptr);
    ::pclose(output);
    return std::stoull(line.data());
}

// A chain of directories, `depth` of them: the descriptor of the last.
platform::UniqueFd chain(const fs::path& top, int depth, const std::string& name) {
    platform::UniqueFd at{::open(top.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    for (int step = 0; step < depth; ++step) {
        REQUIRE(::mkdirat(at.get(), name.c_str(), 0755) == 0);
        at = platform::UniqueFd{::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    }
    return at;
}

void make_directories(int directory, int first, int last) {
    for (int at = first; at < last; ++at) {
        auto name = std::to_string(at);
        name.append(250 - name.size(), 'w');
        REQUIRE(::mkdirat(directory, name.c_str(), 0755) == 0);
    }
}

Result<bool> walk_at_once(BeneathUsage& usage) {
    std::size_t entries = 1'000'000;
    return usage.advance(entries, 60s);
}

}  // namespace

TEST_CASE("BeneathUsage: agrees with du on files, directories, holes and hard links") {
    const TemporaryDirectory dir;
    for (int at = 0; at < 300; ++at) {
        write(dir.path() / ("d" + std::to_string(at % 7)) / std::to_string(at), 3000);
    }
    write(dir.path() / "a/b/c/d/e/deep", 100'000);
    write(dir.path() / "hole", 1);
    fs::resize_file(dir.path() / "hole", 1ULL << 32U);
    fs::create_hard_link(dir.path() / "a/b/c/d/e/deep", dir.path() / "again");
    CHECK(usage_of(dir.path()) == du(dir.path()));
}

TEST_CASE("BeneathUsage: follows no symlink and counts no FIFO's data") {
    const TemporaryDirectory dir;
    const TemporaryDirectory other;
    write(other.path() / "big", 1'000'000);
    fs::create_directory_symlink(other.path(), dir.path() / "out");
    fs::create_directory_symlink(dir.path(), dir.path() / "loop");
    REQUIRE(::mkfifo((dir.path() / "pipe").c_str(), 0600) == 0);
    CHECK(usage_of(dir.path()) == du(dir.path()));
    CHECK(usage_of(dir.path()) < 100'000);
}

TEST_CASE("BeneathUsage: enters no other mount") {
    const TemporaryDirectory dir;
    fs::create_directory(dir.path() / "mounted");
    if (::mount("none", (dir.path() / "mounted").c_str(), "tmpfs", 0, "size=4M") != 0) {
        MESSAGE("skipped: this user may not mount");
        return;
    }
    write(dir.path() / "mounted/big", 1'000'000);
    const auto seen = usage_of(dir.path());
    const auto at_mount = usage_of(dir.path() / "mounted");
    ::umount2((dir.path() / "mounted").c_str(), MNT_DETACH);
    CHECK(seen < 100'000);
    CHECK(at_mount >= 1'000'000);
}

TEST_CASE("BeneathUsage: on an overlay of two filesystems it counts the files of both") {
    const TemporaryDirectory dir;
    const auto at = [&](const char* name) { return (dir.path() / name).string(); };
    write(at("lower/old"), 300'000);
    fs::create_directories(at("memory"));
    fs::create_directories(at("all"));
    if (::mount("none", at("memory").c_str(), "tmpfs", 0, "size=4M") != 0) {
        MESSAGE("skipped: this user may not mount");
        return;
    }
    fs::create_directories(at("memory/upper"));
    fs::create_directories(at("memory/work"));
    const auto layers = "lowerdir=" + at("lower") + ",upperdir=" + at("memory/upper") +
                        ",workdir=" + at("memory/work");
    const bool mounted = ::mount("none", at("all").c_str(), "overlay", 0, layers.c_str()) == 0;
    std::uint64_t seen = 0;
    std::uint64_t expected = 0;
    if (mounted) {
        write(at("all/new"), 500'000);
        seen = usage_of(at("all"));
        expected = du(at("all"), "-s");  // -x passes over files of another layer
        ::umount2(at("all").c_str(), MNT_DETACH);
    }
    ::umount2(at("memory").c_str(), MNT_DETACH);
    REQUIRE(mounted);
    CHECK(seen == expected);
    CHECK(seen >= 800'000);
}

TEST_CASE("BeneathUsage: directories at the top are counted apart as well") {
    const TemporaryDirectory dir;
    write(dir.path() / "_tool/node/bin", 50'000);
    write(dir.path() / "widgets/_tool/file", 90'000);
    write(dir.path() / "widgets/file", 90'000);
    BeneathUsage usage{beneath(dir.path()), {"_tool", "_update"}};
    const auto all = walk(usage);
    CHECK(all == du(dir.path()));
    REQUIRE(usage.apart().size() == 1);
    CHECK(usage.apart().at("_tool") == du(dir.path() / "_tool"));
}

TEST_CASE("BeneathUsage: a part stops at its entries and the next goes on") {
    const TemporaryDirectory dir;
    for (int at = 0; at < 200; ++at) {
        write(dir.path() / std::to_string(at), 10);
    }
    BeneathUsage usage{beneath(dir.path()), {}};
    std::size_t entries = 100;
    CHECK_FALSE(usage.advance(entries, 10s).value());
    CHECK(entries == 0);
    CHECK(usage.bytes() < du(dir.path()));
    entries = 1000;
    CHECK(usage.advance(entries, 10s).value());
    CHECK(entries > 700);
    CHECK(usage.bytes() == du(dir.path()));
}

TEST_CASE("BeneathUsage: what is removed under the walk does not stop it") {
    const TemporaryDirectory dir;
    for (int at = 0; at < 50; ++at) {
        write(dir.path() / std::to_string(at) / "file", 10);
    }
    BeneathUsage usage{beneath(dir.path()), {}};
    std::size_t entries = 60;
    REQUIRE_FALSE(usage.advance(entries, 10s).value());
    for (int at = 0; at < 50; ++at) {
        fs::remove_all(dir.path() / std::to_string(at));
    }
    walk(usage);
    CHECK(usage.bytes() > 0);
}

TEST_CASE("BeneathUsage: a closed directory at the top is an error and below it is passed over" *
          doctest::test_suite("root") * doctest::skip(::getuid() != 0)) {
    const TemporaryDirectory dir;
    fs::permissions(dir.path(), fs::perms{0755});
    write(dir.path() / "open/file", 10'000);
    write(dir.path() / "closed/file", 10'000);
    fs::permissions(dir.path() / "closed", fs::perms{0700});
    REQUIRE(::seteuid(65534) == 0);
    const auto seen = usage_of(dir.path());
    BeneathUsage closed{beneath(dir.path() / "closed"), {}};
    std::size_t entries = 10;
    const auto refused = closed.advance(entries, 10s);
    REQUIRE(::seteuid(0) == 0);
    CHECK(seen > 10'000);
    CHECK(seen < du(dir.path()));
    CHECK(refused.error().code == Errc::denied);
}

TEST_CASE(
    "BeneathUsage: remembers so many bytes of directories to visit, not so many directories") {
    const TemporaryDirectory dir;
    const platform::UniqueFd top{::open(dir.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    constexpr int many = 14'000;  // of 282 bytes each
    make_directories(top.get(), 0, many);
    BeneathUsage within{beneath(dir.path()), {}};
    CHECK(walk_at_once(within).value());
    CHECK(within.bytes() == du(dir.path()));

    make_directories(top.get(), many, many + 1000);
    BeneathUsage beyond{beneath(dir.path()), {}};
    const auto walked = walk_at_once(beyond);
    REQUIRE_FALSE(walked);
    CHECK(walked.error().code == Errc::malformed);
    CHECK(walked.error().what ==
          dir.path().string() + ": has too many directories to remember; its size is not known");
}

TEST_CASE("BeneathUsage: directories that were visited are not remembered") {
    const TemporaryDirectory dir;
    for (int group = 0; group < 2; ++group) {
        const auto at = chain(dir.path(), 1, std::to_string(group));
        make_directories(at.get(), 0, 8000);
    }
    BeneathUsage usage{beneath(dir.path()), {}};
    CHECK(walk_at_once(usage).value());
}

TEST_CASE("BeneathUsage: no depth hides what is there, nor how long the paths are") {
    const TemporaryDirectory dir;
    const auto write_at = [](const platform::UniqueFd& at) {
        const platform::UniqueFd file{
            ::openat(at.get(), "big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
        REQUIRE(::posix_fallocate(file.get(), 0, 10'000'000) == 0);
    };
    write_at(chain(dir.path(), 900, "d"));
    write_at(chain(dir.path(), 20, std::string(250, 'd')));
    write(dir.path() / "z/after", 50'000);
    CHECK(usage_of(dir.path()) == du(dir.path()));
    CHECK(usage_of(dir.path()) > 20'000'000);
}

TEST_CASE("BeneathUsage: of a deep tree the walk is as quick as of a flat one") {
    const TemporaryDirectory dir;
    const auto deep = chain(dir.path(), 3000, "d");
    make_directories(deep.get(), 0, 3000);
    BeneathUsage usage{beneath(dir.path()), {}};
    std::size_t entries = 40'000;     // six looks at a directory, and its way down and up
    const auto begun = std::clock();  // of the processor: what else this machine does is not ours
    CHECK(usage.advance(entries, 60s).value());
    CHECK(std::clock() - begun < 2 * CLOCKS_PER_SEC);
}

TEST_CASE("BeneathUsage: where a directory is moved away under the walk, the rest is looked at") {
    const TemporaryDirectory dir;
    const TemporaryDirectory other;
    const std::array names{"a", "b", "c"};
    for (const auto* name : names) {
        write(dir.path() / "in" / name / "below/file", 10'000);
    }
    BeneathUsage usage{beneath(dir.path()), {}};
    std::size_t entries = 4 + 1 + 6 + 1;  // the top, "in", what is in it, the way into one of them
    REQUIRE_FALSE(usage.advance(entries, 10s).value());
    const auto before = usage.bytes();
    for (const auto* name : names) {
        fs::rename(dir.path() / "in" / name, other.path() / name);
        write(dir.path() / "in" / name / "new", 100'000);
    }
    CHECK(walk_at_once(usage).value());
    CHECK(usage.bytes() >= before + 210'000);
    CHECK(usage.bytes() < before + 300'000);
}

TEST_CASE("BeneathUsage: a directory that fails to open makes the size unknown") {
    const TemporaryDirectory dir;
    write(dir.path() / "below/file", 10);
    BeneathUsage usage{beneath(dir.path()), {}};
    std::size_t entries = 4;  // the top, and all that is in it
    REQUIRE_FALSE(usage.advance(entries, 10s).value());
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto walked = walk_at_once(usage);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE_FALSE(walked);
    CHECK(walked.error().what ==
          dir.path().string() + ": a directory in it cannot be opened; its size is not known");
}
