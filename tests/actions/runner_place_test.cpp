#include "actions/runner_place.h"

#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using namespace paws::actions;
using platform::RootFs;

namespace fs = std::filesystem;

namespace {

platform::SystemdBus::Properties good_unit() {
    return {{"LoadState", "loaded"},
            {"Transient", "no"},
            {"FragmentPath", "/etc/systemd/system/actions.runner.acme.a.service"},
            {"User", "build"},
            {"WorkingDirectory", "/home/build/runner"},
            {"ExecStart", "{ path=/home/build/runner/runsvc.sh ; }"},
            {"ControlGroup", "/system.slice/actions.runner.acme.a.service"}};
}

Result<UnitPlace> with(const std::string& property, const std::string& value) {
    auto unit = good_unit();
    unit[property] = value;
    return place_of(unit);
}

// A runner that belongs to whom runs the tests.
class Rig {
public:
    Rig() {
        fs::create_directories(root() / "_diag");
        std::ofstream{root() / ".runner"} << "{}";
    }
    fs::path home() const { return directory_.path(); }
    fs::path root() const { return directory_.path() / "runner"; }
    Result<RunnerPlace> open(const std::string& path = "", const std::string& user = "me") const {
        return open_place(*RootFs::open("/"),
                          "acme.a",
                          {.fragment = "",
                           .root = path.empty() ? root().string() : path,
                           .user = user,
                           .control_group = ""},
                          [](const std::string& name) -> std::optional<std::uint32_t> {
                              return name == "me"      ? std::optional{::getuid()}
                                     : name == "other" ? std::optional{::getuid() + 1}
                                                       : std::nullopt;
                          });
    }

private:
    TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("place_of: a unit that is loaded from a file of the system's names the root") {
    const auto place = place_of(good_unit());
    REQUIRE(place);
    CHECK(place->root == "/home/build/runner");
    CHECK(place->user == "build");
    CHECK(with("WorkingDirectory", "").value().root == "/home/build/runner");
    CHECK(with("WorkingDirectory", "!/opt/r").value().root == "/opt/r");
    CHECK(with("FragmentPath", "/usr/lib/systemd/system/actions.runner.x.service"));
}

TEST_CASE("place_of: any other unit is refused") {
    CHECK(place_of({}).error().code == Errc::absent);
    for (const auto* const state : {"not-found", "masked", "error", "bad-setting"}) {
        CHECK(with("LoadState", state).error().code == Errc::absent);
    }
    CHECK(with("Transient", "yes").error().code == Errc::denied);
    CHECK(with("Transient", "").error().code == Errc::denied);
    for (const auto* const path : {"",
                                   "/run/systemd/system/actions.runner.x.service",
                                   "/run/systemd/transient/actions.runner.x.service",
                                   "/etc/systemd/system/x.d/actions.runner.x.service",
                                   "/etc/systemd/system/../../../tmp/actions.runner.x.service",
                                   "/home/build/actions.runner.x.service"}) {
        CHECK_MESSAGE(with("FragmentPath", path).error().code == Errc::denied, path);
    }
    for (const auto* const root : {"/home/build/../../root", "/a/./b", "/a\nb"}) {
        CHECK_MESSAGE(with("WorkingDirectory", root).error().code == Errc::malformed, root);
    }
    auto nowhere = good_unit();
    nowhere["WorkingDirectory"] = "";
    nowhere["ExecStart"] = "{ path=/bin/true ; }";
    CHECK(place_of(nowhere).error().code == Errc::malformed);
}

TEST_CASE("check_unit_file: root's alone, as svc.sh leaves it" * doctest::test_suite("root") *
          doctest::skip(::getuid() != 0)) {
    const TemporaryDirectory directory;
    fs::permissions(directory.path(), fs::perms{0755});
    const auto file = (directory.path() / "actions.runner.a.service").string();
    std::ofstream{file} << "[Service]\n";
    const auto check = [&] { return check_unit_file(*RootFs::open("/"), file).has_value(); };
    for (const auto mode : {0644U, 0664U, 0600U}) {
        fs::permissions(file, fs::perms{mode});
        CHECK(check());
    }
    fs::permissions(file, fs::perms{0666});
    CHECK_FALSE(check());
    fs::permissions(file, fs::perms{0664});
    REQUIRE(::chown(file.c_str(), 0, 65534) == 0);
    CHECK_FALSE(check());
    REQUIRE(::chown(file.c_str(), 65534, 0) == 0);
    CHECK_FALSE(check());
    REQUIRE(::chown(file.c_str(), 0, 0) == 0);
    fs::permissions(directory.path(), fs::perms{0777});
    CHECK_FALSE(check());
    fs::permissions(directory.path(), fs::perms{0755});
    fs::rename(file, file + ".real");
    fs::create_symlink(file + ".real", file);
    CHECK_FALSE(check());
}

TEST_CASE("open_place: a runner's directory, of its user, by its real path") {
    const Rig rig;
    const auto place = rig.open();
    REQUIRE(place);
    CHECK(place->unit == "actions.runner.acme.a.service");
    CHECK(place->owner == ::getuid());
    CHECK(place->directory.read(".runner", 10).value() == "{}");
    CHECK(rig.open("", std::to_string(::getuid())));
    CHECK(own_directory(*place, "_diag"));
    CHECK(own_directory(*place, "_work").error().code == Errc::absent);
}

TEST_CASE("open_place: another's directory and what is no runner are refused") {
    const Rig rig;
    CHECK(rig.open("", "other").error().code == Errc::denied);
    CHECK(rig.open("", "nobody-knows").error().code == Errc::absent);
    CHECK(rig.open((rig.home() / "none").string()).error().code == Errc::absent);
    CHECK(rig.open(rig.home().string()).error().what.find("is no runner") != std::string::npos);
    fs::remove(rig.root() / ".runner");
    REQUIRE(::mkfifo((rig.root() / ".runner").c_str(), 0600) == 0);
    CHECK(rig.open().error().code == Errc::malformed);
    fs::create_directories(rig.root() / "bin");
    std::ofstream{rig.root() / "bin/Runner.Listener"} << "ELF";
    CHECK(rig.open());
}

TEST_CASE("open_place: no symlink is followed, wherever it is") {
    const Rig rig;
    fs::create_directory_symlink(rig.root(), rig.home() / "link");
    CHECK(rig.open((rig.home() / "link").string()).error().code == Errc::malformed);
    fs::create_directory_symlink(rig.home(), rig.home() / "up");
    CHECK(rig.open((rig.home() / "up/runner").string()).error().what.find("symlink") !=
          std::string::npos);
    const auto place = rig.open();
    REQUIRE(place);
    fs::remove(rig.root() / "_diag");
    for (const auto* const target : {"/root", "/etc", "..", "../runner"}) {
        fs::create_directory_symlink(target, rig.root() / "_diag");
        CHECK_FALSE(own_directory(*place, "_diag"));
        fs::remove(rig.root() / "_diag");
    }
}

TEST_CASE("own_directory: one that belongs to somebody else is refused" *
          doctest::test_suite("root") * doctest::skip(::getuid() != 0)) {
    const Rig rig;
    const auto place = rig.open();
    REQUIRE(place);
    REQUIRE(::chown((rig.root() / "_diag").c_str(), 65534, 0) == 0);
    CHECK(own_directory(*place, "_diag").error().code == Errc::denied);
}
