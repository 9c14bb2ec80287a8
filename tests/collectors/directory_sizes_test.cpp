#include "collectors/directory_sizes.h"

#include "tests/support/facts.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace paws;
using collectors::DirectorySizesCollector;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, std::size_t bytes) {
    fs::create_directories(file.parent_path());
    std::ofstream{file} << std::string(bytes, 'x');
}

class Rig {
public:
    explicit Rig(std::size_t entries = 1000)
        : collector_{*platform::RootFs::open("/"), {.entries = entries, .time = 10s}} {
        write(root() / "_work/_tool/node", 100'000);
        write(root() / "_work/_update/runner", 50'000);
        write(root() / "_work/widgets/file", 200'000);
        write(root() / "_diag/Runner.log", 20'000);
        add("build-01", root());
    }

    void add(const std::string& name, const fs::path& root) {
        auto& runner = facts_.runners.emplace_back(unmanaged(name, root.string()));
        runner.files = {.value = RunnerFiles{}, .taken = noon};
        runner.files.value->owner = ::getuid();
    }
    const Sourced<DirectoryBytes>& look(std::chrono::seconds after = 0s) {
        REQUIRE(collect_into(facts_, collector_, later(after)));
        return facts_.runners[0].directory_bytes;
    }
    Facts& facts() { return facts_; }
    RunnerFiles& files() { return *facts_.runners[0].files.value; }
    const fs::path& root() const { return dir_.path(); }

private:
    TemporaryDirectory dir_;
    Facts facts_;
    DirectorySizesCollector collector_;
};

}  // namespace

TEST_CASE("directory_sizes: work with all in it, tool and update apart, diag") {
    Rig rig;
    const auto& sizes = rig.look();
    REQUIRE(sizes.value);
    CHECK(sizes.taken.boot == noon.boot);
    CHECK(sizes.value->size() == 4);
    CHECK(sizes.value->at("work") >= 350'000);
    CHECK(sizes.value->at("tool") >= 100'000);
    CHECK(sizes.value->at("tool") < 200'000);
    CHECK(sizes.value->at("update") >= 50'000);
    CHECK(sizes.value->at("diag") >= 20'000);
}

TEST_CASE("directory_sizes: only a complete walk is told, and it ends some rounds later") {
    Rig rig{4};
    CHECK_FALSE(rig.look(0s).value);
    int round = 1;
    while (round < 50 && !rig.look(std::chrono::seconds{round}).value) {
        ++round;
    }
    CHECK(round > 1);
    CHECK(round < 20);
    CHECK(rig.facts().runners[0].directory_bytes.value->size() == 4);
}

TEST_CASE("directory_sizes: a walk comes every ten minutes, its age stays that of the walk") {
    Rig rig;
    rig.look();
    write(rig.root() / "_diag/more", 500'000);
    CHECK(rig.look(9min).value->at("diag") < 500'000);
    CHECK(rig.look(9min).taken.boot == noon.boot);
    CHECK(rig.look(10min).value->at("diag") >= 500'000);
    CHECK(rig.look(10min).taken.boot == later(10min).boot);
}

TEST_CASE("directory_sizes: what is not there has no size") {
    Rig rig;
    fs::remove_all(rig.root() / "_diag");
    fs::remove_all(rig.root() / "_work/_update");
    const auto& sizes = rig.look();
    CHECK_FALSE(sizes.value->contains("diag"));
    CHECK_FALSE(sizes.value->contains("update"));
    CHECK(sizes.value->contains("work"));
}

TEST_CASE("directory_sizes: the work folder of the settings, by name or absolute") {
    Rig rig;
    const TemporaryDirectory elsewhere;
    write(elsewhere.path() / "file", 900'000);
    auto& settings = rig.files().settings.emplace();
    SUBCASE("another name") {
        fs::rename(rig.root() / "_work", rig.root() / "w");
        settings.work_folder = "w";
        CHECK(rig.look().value->at("work") >= 350'000);
    }
    SUBCASE("absolute, of the runner's user") {
        settings.work_folder = elsewhere.path().string();
        CHECK(rig.look().value->at("work") >= 900'000);
    }
    SUBCASE("absolute, of somebody else") {
        settings.work_folder = elsewhere.path().string();
        rig.files().owner = ::getuid() + 1;
        CHECK_FALSE(rig.look().value->contains("work"));
    }
    SUBCASE("out of the root") {
        settings.work_folder = "../" + elsewhere.path().filename().string();
        CHECK_FALSE(rig.look().value->contains("work"));
    }
    SUBCASE("a symlink that a job put there") {
        fs::remove_all(rig.root() / "_work");
        fs::create_directory_symlink(elsewhere.path(), rig.root() / "_work");
        CHECK_FALSE(rig.look().value->contains("work"));
    }
}

TEST_CASE("directory_sizes: runners take turns, each with its own sizes") {
    Rig rig{6};
    const TemporaryDirectory second;
    write(second.path() / "_work/file", 700'000);
    rig.add("build-02", second.path());
    for (int round = 0; round < 50; ++round) {
        rig.look(std::chrono::seconds{round});
    }
    REQUIRE(rig.facts().runners[1].directory_bytes.value);
    CHECK(rig.facts().runners[0].directory_bytes.value->at("work") < 700'000);
    CHECK(rig.facts().runners[1].directory_bytes.value->at("work") >= 700'000);
}

TEST_CASE("directory_sizes: a runner that goes in the middle of its walk takes the walk along") {
    Rig rig{4};
    rig.look();
    rig.facts().runners[0].root = "/nowhere";
    for (int round = 1; round < 10; ++round) {
        CHECK_FALSE(rig.look(std::chrono::seconds{round}).value);
    }
}

TEST_CASE("directory_sizes: nothing is walked before the files collector knows the owner") {
    Rig rig;
    rig.files().owner.reset();
    CHECK_FALSE(rig.look().value);
    rig.files().owner = ::getuid();
    CHECK(rig.look(1s).value);
}
