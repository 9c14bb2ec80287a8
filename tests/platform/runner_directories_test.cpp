#include "platform/runner_directories.h"

#include "tests/support/temporary_directory.h"

#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace paws;
using namespace paws::platform;

namespace fs = std::filesystem;

namespace {

UniqueFd opened(const fs::path& directory) {
    return UniqueFd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

// A runner in a home that is closed to everybody else, and what a user without rights sees of it.
class Rig {
public:
    Rig() {
        fs::permissions(directory_.path(), fs::perms{0755});
        fs::create_directories(root() / "_diag");
        fs::create_directories(root() / "_work");
        std::ofstream{root() / ".runner"} << "{}";
        std::ofstream{root() / "_diag/trace"} << "lines";
        std::ofstream{root() / "secret"} << "key";
        fs::permissions(root() / "secret", fs::perms{0600});
        fs::permissions(home(), fs::perms{0700});
    }

    fs::path home() const { return directory_.path() / "home"; }
    fs::path root() const { return home() / "runner"; }

    void hand_over() const {
        handed_->put("a", RunnerPart::root, opened(root()));
        handed_->put("a", RunnerPart::diag, opened(root() / "_diag"));
    }
    std::shared_ptr<HandedOver> handed() const { return handed_; }

    template <class Look>
    auto as_nobody(Look look) const {
        const RunnerDirectories directories{*RootFs::open("/"), handed_};
        REQUIRE(::seteuid(65534) == 0);
        auto seen = look(directories);
        REQUIRE(::seteuid(0) == 0);
        return seen;
    }
    Result<Beneath> open(RunnerPart part, const std::string& runner = "a") const {
        return as_nobody([&](const auto& directories) {
            return directories.open(runner, root().string(), part);
        });
    }
    Result<std::string> read(RunnerPart part, const std::string& name) const {
        return as_nobody([&](const auto& directories) -> Result<std::string> {
            const auto directory = directories.open("a", root().string(), part);
            return directory ? directory->read(name, 100) : directory.error();
        });
    }

private:
    TemporaryDirectory directory_;
    std::shared_ptr<HandedOver> handed_ = std::make_shared<HandedOver>();
};

}  // namespace

TEST_CASE("may_be_at: the whole path, or the end of it from a slash on") {
    CHECK(may_be_at("/home/a/runner", "/home/a/runner"));
    CHECK(may_be_at("/a/runner", "/home/a/runner"));
    CHECK(may_be_at("/", "/home/a/runner"));
    CHECK_FALSE(may_be_at("/home/a/runner.old", "/home/a/runner"));
    CHECK_FALSE(may_be_at("/home/a/runner (deleted)", "/home/a/runner"));
    CHECK_FALSE(may_be_at("unner", "/home/a/runner"));
    CHECK_FALSE(may_be_at("/srv/home/a/runner", "/home/a/runner"));
    CHECK_FALSE(may_be_at("", "/home/a/runner"));
}

TEST_CASE("part_path: without the slashes and dots of a unit file") {
    CHECK(part_path("///opt//runner/./", RunnerPart::root) == "/opt/runner");
    CHECK(part_path("/opt/runner", RunnerPart::diag) == "/opt/runner/_diag");
    CHECK(part_path("/opt/runner/", RunnerPart::work) == "/opt/runner/_work");
    for (const auto part : {RunnerPart::root, RunnerPart::diag, RunnerPart::work}) {
        CHECK(runner_part(to_string(part)) == part);
    }
    CHECK_FALSE(runner_part("bin"));
}

TEST_CASE("RunnerDirectories: a closed home is denied until its directories are handed over" *
          doctest::test_suite("root") * doctest::skip(::getuid() != 0)) {
    const Rig rig;
    CHECK(rig.open(RunnerPart::root).error().code == Errc::denied);
    CHECK(rig.open(RunnerPart::diag).error().code == Errc::denied);
    rig.hand_over();
    CHECK(rig.read(RunnerPart::root, ".runner").value() == "{}");
    CHECK(rig.read(RunnerPart::diag, "trace").value() == "lines");
    CHECK(rig.open(RunnerPart::work));  // by the root's descriptor
    CHECK(rig.open(RunnerPart::root, "b").error().code == Errc::denied);
    CHECK(rig.open(RunnerPart::diag).value().path() == (rig.root() / "_diag").string());
}

TEST_CASE("RunnerDirectories: what modes forbid stays forbidden" * doctest::test_suite("root") *
          doctest::skip(::getuid() != 0)) {
    const Rig rig;
    rig.hand_over();
    CHECK(rig.read(RunnerPart::root, "secret").error().code == Errc::denied);
    fs::permissions(rig.root(), fs::perms{0700});
    CHECK(rig.read(RunnerPart::root, ".runner").error().code == Errc::denied);
    CHECK(rig.read(RunnerPart::diag, "trace").value() == "lines");
    CHECK(rig.open(RunnerPart::root).value().status(".").value().uid == 0);
}

TEST_CASE("RunnerDirectories: one that was moved away or removed is not taken for the new one" *
          doctest::test_suite("root") * doctest::skip(::getuid() != 0)) {
    const Rig rig;
    rig.hand_over();
    fs::rename(rig.root(), rig.home() / "old");
    CHECK(rig.open(RunnerPart::root).error().code == Errc::denied);
    fs::create_directories(rig.root() / "_diag");
    CHECK(rig.open(RunnerPart::diag).error().code == Errc::denied);
    rig.hand_over();
    CHECK(rig.open(RunnerPart::diag));
    fs::remove_all(rig.root());
    CHECK(rig.open(RunnerPart::diag).error().code == Errc::denied);
    rig.handed()->drop("a");
    CHECK(rig.handed()->runners().empty());
}

TEST_CASE("HandedOver: tells the space of a device by a directory on it") {
    const TemporaryDirectory directory;
    HandedOver handed;
    handed.put("a", RunnerPart::root, opened(directory.path()));
    CHECK(handed.runners() == std::vector<std::string>{"a"});
    struct stat found {};
    REQUIRE(::stat(directory.path().c_str(), &found) == 0);
    const auto device =
        std::to_string(major(found.st_dev)) + ":" + std::to_string(minor(found.st_dev));
    REQUIRE(handed.space_on(device));
    CHECK(handed.space_on(device)->size_bytes > 0);
    CHECK_FALSE(handed.space_on("0:0"));
    handed.drop("a");
    CHECK_FALSE(handed.space_on(device));
}
