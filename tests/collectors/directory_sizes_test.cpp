#include "collectors/directory_sizes.h"

#include "tests/support/facts.h"
#include "tests/support/temporary_directory.h"

#include <array>
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
    // Until `end`, a round each minute.
    void pass(std::chrono::minutes begin, std::chrono::minutes end) {
        for (auto at = begin; at <= end; ++at) {
            look(at);
        }
    }
    void add_endless(const std::string& name, const fs::path& root) {
        for (int at = 0; at < 300; ++at) {
            write(root / "_work" / std::to_string(at), 1);
        }
        add(name, root);
    }
    const std::optional<DirectoryBytes>& sizes(std::size_t runner) const {
        return facts_.runners.at(runner).directory_bytes.value;
    }
    std::optional<Error> shortfall() const { return collector_.shortfall(); }
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

TEST_CASE("directory_sizes: a walk without end is given up, and the next runner is walked") {
    Rig rig{5};
    const TemporaryDirectory endless;
    rig.pass(0min, 5min);
    REQUIRE(rig.sizes(0));
    rig.add_endless("build-00", endless.path());
    rig.pass(6min, 15min);
    CHECK_FALSE(rig.shortfall());
    write(rig.root() / "_work/more", 800'000);
    rig.pass(16min, 22min);
    CHECK_FALSE(rig.sizes(1));
    CHECK(rig.sizes(0)->at("work") >= 1'100'000);
    REQUIRE(rig.shortfall());
    CHECK(rig.shortfall()->what ==
          "build-00: its directories could not be walked in 10 minutes; their size is not known");
    fs::remove_all(endless.path() / "_work");
    rig.pass(23min, 30min);
    CHECK_FALSE(rig.shortfall());
}

TEST_CASE("directory_sizes: of a walk that is given up the parts that were complete are told") {
    Rig rig{20};
    for (int at = 0; at < 400; ++at) {
        write(rig.root() / "_diag" / std::to_string(at), 1);
    }
    rig.pass(0min, 10min);
    REQUIRE(rig.sizes(0));
    CHECK(rig.sizes(0)->contains("work"));
    CHECK_FALSE(rig.sizes(0)->contains("diag"));
    CHECK(rig.shortfall());
}

TEST_CASE("directory_sizes: a size that could not be renewed for three walks is not told") {
    Rig rig{5};
    rig.pass(0min, 5min);
    const auto taken = rig.facts().runners[0].directory_bytes.taken.boot;
    const auto old = std::chrono::ceil<std::chrono::minutes>(taken - noon.boot) + 30min;
    const std::array<TemporaryDirectory, 3> endless;
    for (std::size_t at = 0; at < endless.size(); ++at) {
        rig.add_endless("endless-" + std::to_string(at), endless.at(at).path());
    }
    rig.pass(6min, old - 1min);
    CHECK(rig.sizes(0));
    rig.look(old);
    CHECK_FALSE(rig.sizes(0));
    REQUIRE(rig.shortfall());
    CHECK(rig.shortfall()->what.ends_with("; 1 more like this"));
    rig.pass(old + 1min, old + 10min);
    CHECK(rig.sizes(0));
}

TEST_CASE(
    "directory_sizes: a directory that cannot be walked to its end is said, with its runner") {
    Rig rig{100'000};
    const auto wide = rig.root() / "_diag";
    for (int at = 0; at < 15'000; ++at) {
        fs::create_directory(wide / std::to_string(at).append(245, 'w'));
    }
    const auto& sizes = rig.look();
    REQUIRE(sizes.value);
    CHECK_FALSE(sizes.value->contains("diag"));
    CHECK(sizes.value->contains("work"));
    REQUIRE(rig.shortfall());
    CHECK(rig.shortfall()->what ==
          "build-01: " + wide.string() +
              ": has too many directories to remember; its size is not known");
}

TEST_CASE("directory_sizes: what is closed to the agent or is not there is no shortfall" *
          doctest::test_suite("root") * doctest::skip(::getuid() != 0)) {
    Rig rig;
    fs::permissions(rig.root(), fs::perms{0755});
    fs::permissions(rig.root() / "_diag", fs::perms{0700});
    fs::remove_all(rig.root() / "_work");
    REQUIRE(::seteuid(65534) == 0);
    const auto seen = rig.look();
    REQUIRE(::seteuid(0) == 0);
    CHECK_FALSE(seen.value);
    CHECK_FALSE(rig.shortfall());
}

TEST_CASE("directory_sizes: the sizes of another root are not those of this one") {
    Rig rig;
    REQUIRE(rig.look().value);
    rig.facts().runners[0].root = "/nowhere";
    CHECK_FALSE(rig.look(1s).value);
}

TEST_CASE("directory_sizes: nothing is walked before the files collector knows the owner") {
    Rig rig;
    rig.files().owner.reset();
    CHECK_FALSE(rig.look().value);
    rig.files().owner = ::getuid();
    CHECK(rig.look(1s).value);
}
