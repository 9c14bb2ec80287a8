#include "platform/beneath.h"

#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using platform::Beneath;
using platform::FileKind;
using platform::RootFs;

namespace fs = std::filesystem;

namespace {

Result<Beneath> below(const fs::path& directory) {
    return Beneath::open(*RootFs::open("/"), directory.string());
}

}  // namespace

TEST_CASE("Beneath: reads a regular file below its directory") {
    const TemporaryDirectory dir;
    fs::create_directory(dir.path() / "bin.1");
    std::ofstream{dir.path() / "bin.1/x"} << "hello";
    const auto beneath = below(dir.path());
    REQUIRE(beneath);
    CHECK(beneath->read("bin.1/x", 5).value() == "hello");
    CHECK(beneath->read("bin.1/x", 4).error().code == Errc::malformed);
    CHECK(beneath->read("none", 5).error().code == Errc::absent);
    CHECK(beneath->read("bin.1", 5).error().code == Errc::malformed);
}

TEST_CASE("Beneath: an empty file is empty text, a huge one is refused without being read") {
    const TemporaryDirectory dir;
    const std::ofstream empty{dir.path() / "empty"};
    const std::ofstream huge{dir.path() / "huge"};
    fs::resize_file(dir.path() / "huge", 1ULL << 40U);
    const auto beneath = below(dir.path());
    CHECK(beneath->read("empty", 10).value().empty());
    CHECK(beneath->read("huge", 65536).error().code == Errc::malformed);
}

TEST_CASE("Beneath: no symlink is followed, at the end or on the way") {
    const TemporaryDirectory dir;
    std::ofstream{dir.path() / "real"} << "secret";
    fs::create_directory(dir.path() / "sub");
    std::ofstream{dir.path() / "sub/file"} << "text";
    fs::create_symlink("real", dir.path() / "link");
    fs::create_symlink("/etc/passwd", dir.path() / "out");
    fs::create_symlink("sub", dir.path() / "way");
    const auto beneath = below(dir.path());
    for (const auto* path : {"link", "out", "way/file"}) {
        CAPTURE(path);
        const auto text = beneath->read(path, 4096);
        REQUIRE_FALSE(text);
        CHECK(text.error().what.find("symlink") != std::string::npos);
    }
    CHECK(beneath->status("way/file").error().code == Errc::malformed);
    CHECK_FALSE(beneath->open_directory("way"));
}

TEST_CASE("Beneath: a path cannot leave the directory") {
    const TemporaryDirectory dir;
    fs::create_directory(dir.path() / "inner");
    std::ofstream{dir.path() / "outside"} << "x";
    const auto beneath = below(dir.path() / "inner");
    CHECK_FALSE(beneath->read("../outside", 10));
    CHECK_FALSE(beneath->read("/etc/passwd", 4096));
    CHECK_FALSE(beneath->status(".."));
}

TEST_CASE("Beneath: a FIFO and a device are refused at once") {
    const TemporaryDirectory dir;
    REQUIRE(::mkfifo((dir.path() / "pipe").c_str(), 0600) == 0);
    CHECK(below(dir.path())->read("pipe", 10).error().code == Errc::malformed);
    CHECK(below("/dev")->read("zero", 10).error().code == Errc::malformed);
}

TEST_CASE("Beneath: status tells a replaced or rewritten file from an untouched one") {
    const TemporaryDirectory dir;
    const auto file = dir.path() / "file";
    std::ofstream{file} << "one";
    const auto beneath = below(dir.path());
    const auto before = beneath->status("file").value();
    CHECK(before.kind == FileKind::regular);
    CHECK(before.size_bytes == 3);
    CHECK(before.uid == ::getuid());
    CHECK(beneath->status("file").value() == before);
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds{1});
    CHECK_FALSE(beneath->status("file").value() == before);
    CHECK(beneath->status(".").value().kind == FileKind::directory);
}

TEST_CASE("Beneath: read_link gives the text of a symlink and refuses all else") {
    const TemporaryDirectory dir;
    fs::create_symlink("/anywhere/bin.2.336.0", dir.path() / "bin");
    fs::create_directory(dir.path() / "plain");
    const auto beneath = below(dir.path());
    CHECK(beneath->read_link("bin").value() == "/anywhere/bin.2.336.0");
    CHECK(beneath->status("bin").value().kind == FileKind::symlink);
    CHECK(beneath->read_link("plain").error().code == Errc::malformed);
    CHECK(beneath->read_link("none").error().code == Errc::absent);
}

TEST_CASE("Beneath: its real path has no symlink in it") {
    const TemporaryDirectory dir;
    fs::create_directory(dir.path() / "real");
    fs::create_symlink("real", dir.path() / "link");
    const auto real = below(dir.path() / "link")->real_path();
    CHECK(real.value() == fs::canonical(dir.path() / "real").string());
}

TEST_CASE("Beneath: a directory that is not there is absent and named") {
    const auto beneath = below("/nowhere/at/all");
    REQUIRE_FALSE(beneath);
    CHECK(beneath.error().code == Errc::absent);
    CHECK(beneath.error().what.find("/nowhere/at/all") != std::string::npos);
}

TEST_CASE(
    "Beneath: parts of a file are read wherever it grows, and a held file outlives its name") {
    const TemporaryDirectory dir;
    std::ofstream{dir.path() / "log"} << "0123456789";
    const auto beneath = below(dir.path());
    const auto file = beneath->open_file("log");
    REQUIRE(file);
    CHECK(file->read(2, 3).value() == "234");
    CHECK(file->read(8, 100).value() == "89");
    CHECK(file->read(10, 100).value().empty());
    CHECK(file->read(1'000'000, 1).value().empty());
    CHECK(file->read(0, 0).value().empty());
    std::ofstream{dir.path() / "log", std::ios::app} << "ab";
    CHECK(file->read(10, 100).value() == "ab");
    CHECK(file->status()->size_bytes == 12);
    fs::remove(dir.path() / "log");
    CHECK(file->read(0, 1).value() == "0");
    CHECK(beneath->open_file("log").error().code == Errc::absent);
    CHECK(beneath->open_file(".").error().code == Errc::malformed);
}

TEST_CASE("Beneath: its names are listed, up to a limit") {
    const TemporaryDirectory dir;
    for (const auto* name : {"a", "b", ".c"}) {
        const std::ofstream file{dir.path() / name};
    }
    const auto beneath = below(dir.path());
    auto names = beneath->list(3).value();
    std::ranges::sort(names);
    CHECK(names == std::vector<std::string>{".c", "a", "b"});
    CHECK(beneath->list(2).error().code == Errc::malformed);
}

TEST_CASE("Beneath: a file is replaced with its owner and mode, a new one is the directory's") {
    const TemporaryDirectory dir;
    std::ofstream{dir.path() / "env"} << "old";
    ::chmod((dir.path() / "env").c_str(), 0640);
    const auto beneath = below(dir.path());
    const auto before = *beneath->status("env");
    REQUIRE(beneath->replace("env", "new text"));
    const auto after = *beneath->status("env");
    CHECK(beneath->read("env", 100).value() == "new text");
    CHECK(after.inode != before.inode);
    CHECK(after.mode == 0640);
    CHECK(after.uid == before.uid);
    REQUIRE(beneath->replace("fresh", ""));
    CHECK(beneath->status("fresh")->mode == 0644);
    CHECK(beneath->list(10).value().size() == 2);  // nothing is left over
}

TEST_CASE("Beneath: what is no plain file, or has other names, is not replaced") {
    const TemporaryDirectory dir;
    std::ofstream{dir.path() / "real"} << "text";
    fs::create_symlink("real", dir.path() / "link");
    fs::create_directory(dir.path() / "sub");
    fs::create_hard_link(dir.path() / "real", dir.path() / "twin");
    const auto beneath = below(dir.path());
    for (const auto* name : {"link", "sub", "real", "twin"}) {
        CAPTURE(name);
        CHECK(beneath->replace(name, "other").error().code == Errc::malformed);
    }
    CHECK(beneath->read("real", 100).value() == "text");
    CHECK(fs::is_symlink(dir.path() / "link"));
}
