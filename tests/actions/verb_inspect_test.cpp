#include "actions/verb_inspect.h"

#include "tests/support/temporary_directory.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using namespace paws::actions;
using namespace std::chrono_literals;
using platform::RootFs;

namespace fs = std::filesystem;

namespace {

const Now noon{.wall = WallTime{1'700'000'000s}, .boot = BootTime{100s}};

class Rig {
public:
    Rig() {
        write("_work/widgets/file", 200'000);
        write("_work/_tool/node", 100'000);
        write("_diag/Runner.log", 20'000);
        std::ofstream{root() / ".runner"} << R"({"agentName":"a"})";
    }
    fs::path root() const { return directory_.path(); }
    void write(const std::string& name, std::size_t bytes) const {
        fs::create_directories((root() / name).parent_path());
        std::ofstream{root() / name} << std::string(bytes, 'x');
    }
    Inspection look(const InspectBounds& bounds = {}, const std::string& group = "") const {
        const auto system = *RootFs::open("/");
        const auto place = open_place(system,
                                      "acme.a",
                                      {.fragment = "",
                                       .root = root().string(),
                                       .user = std::to_string(::getuid()),
                                       .control_group = group},
                                      {});
        REQUIRE(place);
        return inspect(*place, system, noon, bounds);
    }

private:
    TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("inspect: sizes by role, the settings as they are written") {
    const Rig rig;
    const auto found = rig.look();
    CHECK(found.directory_bytes.at("work") >= 300'000);
    CHECK(found.directory_bytes.at("tool") >= 100'000);
    CHECK(found.directory_bytes.at("diag") >= 20'000);
    CHECK_FALSE(found.directory_bytes.contains("update"));
    CHECK(found.settings == R"({"agentName":"a"})");
    CHECK(found.missing.empty());
}

TEST_CASE("inspect: what is larger than its bounds is missing, and never a part of it told") {
    const Rig rig;
    for (int at = 0; at < 200; ++at) {
        rig.write("_work/" + std::to_string(at), 1);
    }
    const auto few = rig.look({.entries = 50});
    CHECK_FALSE(few.directory_bytes.contains("work"));
    CHECK_FALSE(few.directory_bytes.contains("tool"));
    CHECK(few.missing.contains("work"));
    CHECK(few.directory_bytes.contains("diag"));
    CHECK(rig.look({.time = 0s}).missing.contains("work"));
    CHECK_FALSE(rig.look({.settings_bytes = 4}).settings);
}

TEST_CASE(
    "inspect: a link in a directory's place is missing, a FIFO in the settings' is not read") {
    const Rig rig;
    fs::remove_all(rig.root() / "_work");
    fs::create_directory_symlink("/usr", rig.root() / "_work");
    fs::remove(rig.root() / ".runner");
    fs::create_directories(rig.root() / "bin");
    std::ofstream{rig.root() / "bin/Runner.Listener"} << "ELF";
    REQUIRE(::mkfifo((rig.root() / ".runner").c_str(), 0600) == 0);
    const auto found = rig.look();
    CHECK(found.missing.at("work").find("symlink") != std::string::npos);
    CHECK_FALSE(found.directory_bytes.contains("work"));
    CHECK_FALSE(found.settings);
}

TEST_CASE("inspect: settings that may be another's file are not told, and why is") {
    const Rig rig;
    const auto is_left_out = [&] {
        const auto found = rig.look();
        CHECK(found.missing.contains("settings"));
        CHECK(found.directory_bytes.contains("work"));
        return !found.settings;
    };
    fs::create_hard_link(rig.root() / ".runner", rig.root() / "other");
    CHECK(is_left_out());
    fs::remove(rig.root() / "other");
    CHECK(rig.look().settings);
    if (::geteuid() == 0) {
        REQUIRE(::chown((rig.root() / ".runner").c_str(), 65534, 65534) == 0);
        CHECK(is_left_out());
    }
}

TEST_CASE("inspect: what was published of a runner that is gone is removed after a day") {
    const Rig rig;
    const TemporaryDirectory results;
    const auto put = [&](const std::string& name, WallTime at) {
        auto file = results.path() / name;
        std::ofstream{file} << "{}";
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch());
        const std::array<timespec, 2> times{timespec{seconds.count(), 0},
                                            timespec{seconds.count(), 0}};
        REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times.data(), 0) == 0);
        return file;
    };
    const auto old = put("acme.gone.json", noon.wall - 25h);
    const auto recent = put("acme.b.json", noon.wall - 23h);
    REQUIRE(publish(rig.look(), *RootFs::open("/"), results.path()));
    CHECK_FALSE(fs::exists(old));
    CHECK(fs::exists(recent));
    CHECK(fs::exists(results.path() / "acme.a.json"));
}

TEST_CASE("inspect: the document is well-formed whatever the runner's user wrote") {
    const Rig rig;
    std::ofstream{rig.root() / ".runner"} << "\xff\"\\\n{}" << std::string(3, '\0');
    auto found = rig.look();
    found.programs.push_back({.pid = 7, .start_ticks = 8, .path = "/opt/\"x\""});
    boost::system::error_code problem;
    const auto document = boost::json::parse(to_json(found), problem);
    REQUIRE_FALSE(problem);
    CHECK(document.at("version").to_number<int>() == 1);
    CHECK(document.at("runner") == "acme.a");
    CHECK(document.at("boot_ns").to_number<std::int64_t>() == 100'000'000'000);
    CHECK(document.at("programs").at(0).at("path") == "/opt/\"x\"");
    CHECK(document.at("settings").is_string());
}

TEST_CASE("inspect: is published at once, in the place of what was there") {
    const Rig rig;
    const TemporaryDirectory results;
    const auto file = results.path() / "acme.a.json";
    const auto system = *RootFs::open("/");
    REQUIRE(publish(rig.look(), system, results.path()));
    const auto first = fs::file_size(file);
    rig.write("_work/more", 500'000);
    REQUIRE(publish(rig.look(), system, results.path()));
    CHECK(fs::file_size(file) >= first);
    CHECK(std::distance(fs::directory_iterator{results.path()}, {}) == 1);
    CHECK(publish(rig.look(), system, (results.path() / "none").string()).error().code ==
          Errc::absent);
    fs::remove(file);
    fs::create_symlink("/etc/hostname", file);
    CHECK_FALSE(publish(rig.look(), system, results.path()));
}
