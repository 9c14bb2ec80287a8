#include "collectors/runner_files.h"

#include "tests/support/facts.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using collectors::RunnerFilesCollector;

namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, std::string_view text) {
    std::ofstream{file, std::ios::binary} << text;
}

class Rig {
public:
    Rig() {
        facts_.runners.push_back(unmanaged("build-01", root().string()));
        fs::create_directory(root() / "bin.2.336.0");
        fs::create_symlink("bin.2.336.0", root() / "bin");
        write(root() / "bin/Runner.Listener", "ELF");
        write(root() / ".runner", R"({"agentId": 42, "agentName": "build-01"})");
    }

    const fs::path& root() const { return dir_.path(); }

    RunnerFiles look() {
        REQUIRE(collect_into(facts_, collector_));
        REQUIRE(facts_.runners[0].files.value);
        return *facts_.runners[0].files.value;
    }

private:
    TemporaryDirectory dir_;
    Facts facts_;
    RunnerFilesCollector collector_{*platform::RootFs::open("/")};
};

}  // namespace

TEST_CASE("runner_files: settings, version, build date, proxy and owner of a configured runner") {
    Rig rig;
    write(rig.root() / ".env", "https_proxy=http://me:secret@proxy.example:3128\n");
    const auto files = rig.look();
    REQUIRE(files.settings);
    CHECK(files.settings->agent_id == 42);
    CHECK(files.version == "2.336.0");
    CHECK(files.version_built);
    CHECK(files.proxy == "proxy.example:3128");
    CHECK(files.owner == ::getuid());
    CHECK(files.error.empty());
}

TEST_CASE("runner_files: a file is read again when it changed, and only then") {
    Rig rig;
    CHECK(rig.look().settings->agent_name == "build-01");
    const auto file = rig.root() / ".runner";
    const auto time = fs::last_write_time(file);
    write(file, R"({"agentId": 42, "agentName": "build-02"})");  // same inode and size
    fs::last_write_time(file, time);
    CHECK(rig.look().settings->agent_name == "build-01");
    fs::last_write_time(file, time + std::chrono::seconds{1});
    CHECK(rig.look().settings->agent_name == "build-02");
}

TEST_CASE("runner_files: .runner_migrated wins, and a broken one falls back to .runner") {
    Rig rig;
    write(rig.root() / ".runner_migrated", R"({"agentName": "moved"})");
    CHECK(rig.look().settings->agent_name == "moved");
    write(rig.root() / ".runner_migrated", R"({"agentName": )");
    const auto files = rig.look();
    CHECK(files.settings->agent_name == "build-01");
    CHECK(files.error.find(".runner_migrated") != std::string::npos);
    fs::remove(rig.root() / ".runner_migrated");
    CHECK(rig.look().settings->agent_name == "build-01");
}

TEST_CASE("runner_files: a half-written .runner leaves what it said before, with the error") {
    Rig rig;
    rig.look();
    write(rig.root() / ".runner", R"({"agentId": 4)");
    const auto files = rig.look();
    REQUIRE(files.settings);
    CHECK(files.settings->agent_id == 42);
    CHECK(files.error.find("not JSON") != std::string::npos);
}

TEST_CASE("runner_files: a removed .runner is a runner that is not configured") {
    Rig rig;
    rig.look();
    fs::remove(rig.root() / ".runner");
    const auto files = rig.look();
    CHECK_FALSE(files.settings);
    CHECK(files.error.find("not configured") != std::string::npos);
    CHECK(files.version == "2.336.0");
}

TEST_CASE("runner_files: what job code may put in the place of .runner is not followed or read") {
    Rig rig;
    const auto file = rig.root() / ".runner";
    fs::remove(file);
    SUBCASE("a symlink to another file") {
        fs::create_symlink("/etc/passwd", file);
    }
    SUBCASE("a FIFO") {
        REQUIRE(::mkfifo(file.c_str(), 0644) == 0);
    }
    SUBCASE("a directory") {
        fs::create_directory(file);
    }
    SUBCASE("a file of a terabyte") {
        write(file, "");
        fs::resize_file(file, 1ULL << 40U);
    }
    const auto files = rig.look();
    CHECK_FALSE(files.settings);
    CHECK(files.error.find(".runner: ") != std::string::npos);
}

TEST_CASE("runner_files: the version is known from the bin symlink only") {
    Rig rig;
    SUBCASE("an absolute link, as the update writes it") {
        fs::remove(rig.root() / "bin");
        fs::create_symlink(rig.root() / "bin.2.336.0", rig.root() / "bin");
        CHECK(rig.look().version == "2.336.0");
        CHECK(rig.look().version_built);
    }
    SUBCASE("a plain directory, as after the first installation") {
        fs::remove(rig.root() / "bin");
        fs::rename(rig.root() / "bin.2.336.0", rig.root() / "bin");
        CHECK(rig.look().version.empty());
        CHECK(rig.look().version_built);
    }
    SUBCASE("a link to anywhere else") {
        fs::remove(rig.root() / "bin");
        fs::create_symlink("/usr/bin", rig.root() / "bin");
        CHECK(rig.look().version.empty());
        CHECK_FALSE(rig.look().version_built);
    }
}

TEST_CASE(
    "runner_files: what the next start would meet is looked at every few seconds, not each time") {
    const TemporaryDirectory root;
    write(root.path() / ".service", "actions.runner.acme.build-01.service");
    write(root.path() / ".runner", "{}");
    write(root.path() / "runsvc.sh", "");
    Facts facts;
    facts.runners.push_back(unmanaged("build-01", root.path().string()));
    RunnerFilesCollector collector{*platform::RootFs::open("/")};
    const auto fault_after = [&](std::chrono::seconds passed) {
        const auto fill = collector.collect(facts, Now{.wall = {}, .boot = BootTime{passed}});
        REQUIRE(fill);
        (*fill)(facts);
        return facts.runners[0].files.value->start_fault;
    };
    const auto fault = fault_after(std::chrono::seconds{100});
    CHECK(fault.find("runsvc.sh") != std::string::npos);
    fs::remove(root.path() / ".service");  // no service needs no script
    CHECK(fault_after(std::chrono::seconds{103}) == fault);
    CHECK(fault_after(std::chrono::seconds{104}).find("runsvc.sh") == std::string::npos);
}

TEST_CASE("runner_files: a root that is gone says so, one that comes back is read again") {
    Rig rig;
    rig.look();
    const auto aside = rig.root().string() + ".aside";
    fs::rename(rig.root(), aside);
    const auto gone = rig.look();
    CHECK_FALSE(gone.settings);
    CHECK_FALSE(gone.owner);
    CHECK(gone.error.find("is not there") != std::string::npos);
    fs::rename(aside, rig.root());
    CHECK(rig.look().settings);
}

TEST_CASE("runner_files: a closed home is denied with the command that opens it" *
          doctest::test_suite("root") * doctest::skip(::getuid() != 0)) {
    Rig rig;
    fs::permissions(rig.root(), fs::perms::owner_all);
    REQUIRE(::seteuid(65534) == 0);
    const auto files = rig.look();
    REQUIRE(::seteuid(0) == 0);
    CHECK_FALSE(files.settings);
    CHECK(files.error.find("setfacl") != std::string::npos);
    CHECK(files.error.find("not configured") == std::string::npos);
}

TEST_CASE("runner_files: a runner without a known root has no files, and that is no failure") {
    Facts facts;
    facts.runners.push_back(unmanaged("x", ""));
    RunnerFilesCollector collector{*platform::RootFs::open("/")};
    CHECK(collect_into(facts, collector));
    CHECK_FALSE(facts.runners[0].files.value);
}
