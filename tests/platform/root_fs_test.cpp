#include "platform/root_fs.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using platform::RootFs;

namespace {

class TemporaryRoot {
public:
    TemporaryRoot() {
        std::string name = std::filesystem::temp_directory_path() / "paws-root-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    TemporaryRoot(const TemporaryRoot&) = delete;
    TemporaryRoot& operator=(const TemporaryRoot&) = delete;
    ~TemporaryRoot() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("RootFs: reads a file below its root, with or without a leading slash") {
    const TemporaryRoot dir;
    std::filesystem::create_directory(dir.path() / "proc");
    std::ofstream{dir.path() / "proc/loadavg"} << "0.1 0.2 0.3";
    const auto root = RootFs::open(dir.path());
    REQUIRE(root);
    CHECK(root->read("proc/loadavg").value() == "0.1 0.2 0.3");
    CHECK(root->read("/proc/loadavg").value() == "0.1 0.2 0.3");
    CHECK(root->list("proc").value() == std::vector<std::string>{"loadavg"});
}

TEST_CASE("RootFs: a missing file is absent and named") {
    const TemporaryRoot dir;
    const auto text = RootFs::open(dir.path())->read("proc/psi");
    REQUIRE_FALSE(text);
    CHECK(text.error().code == Errc::absent);
    CHECK(text.error().what.find("/proc/psi") != std::string::npos);
}

TEST_CASE("RootFs: a file over the limit is refused") {
    const TemporaryRoot dir;
    std::ofstream{dir.path() / "huge"} << std::string(10'000, 'x');
    const auto root = RootFs::open(dir.path());
    CHECK(root->read("huge", 10'000));
    const auto text = root->read("huge", 9'999);
    REQUIRE_FALSE(text);
    CHECK(text.error().code == Errc::malformed);
}

TEST_CASE("RootFs: a FIFO without a writer does not block") {
    const TemporaryRoot dir;
    REQUIRE(::mkfifo((dir.path() / "pipe").c_str(), 0600) == 0);
    CHECK(RootFs::open(dir.path())->read("pipe").value().empty());
}
