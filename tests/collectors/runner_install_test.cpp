#include "collectors/runner_install.h"

#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;

namespace fs = std::filesystem;

namespace {

constexpr std::string_view script =
    "#!/bin/bash\n./externals/node20/bin/node ./bin/RunnerService.js &\n";

// An installed service after its first update: `bin` and `externals` are links.
class Install {
public:
    Install() {
        write("bin.2.336.0/Runner.Listener", "ELF");
        write("externals.2.336.0/node20/bin/node", "ELF");
        fs::create_symlink("bin.2.336.0", path("bin"));
        fs::create_symlink(path("externals.2.336.0"), path("externals"));
        write("runsvc.sh", script);
        write(".service", "actions.runner.acme.build-01.service");
    }

    fs::path path(const std::string& name) const { return directory_.path() / name; }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories(path(name).parent_path());
        std::ofstream{path(name), std::ios::binary} << text;
    }
    platform::Beneath root() const {
        return *platform::Beneath::open(*platform::RootFs::open("/"), directory_.path().string());
    }
    std::string fault() const { return start_fault(root()); }

private:
    TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("start_fault: nothing is wrong with what svc.sh and an update leave behind") {
    CHECK(Install{}.fault().empty());
}

TEST_CASE("start_fault: what a full disk or a broken update leaves behind is named") {
    const Install install;
    SUBCASE("an empty script") {
        install.write("runsvc.sh", "");
        CHECK(install.fault() == "runsvc.sh is empty");
    }
    SUBCASE("no script") {
        fs::remove(install.path("runsvc.sh"));
        CHECK(install.fault() == "runsvc.sh is missing");
    }
    SUBCASE("no node where the script looks for it") {
        fs::remove_all(install.path("externals.2.336.0/node20"));
        CHECK(install.fault() == "externals/node20/bin/node is missing or empty");
    }
    SUBCASE("a node of no bytes") {
        install.write("externals.2.336.0/node20/bin/node", "");
        CHECK(install.fault() == "externals/node20/bin/node is missing or empty");
    }
    SUBCASE("no listener") {
        fs::remove(install.path("bin.2.336.0/Runner.Listener"));
        CHECK(install.fault() == "bin/Runner.Listener is missing or empty");
    }
    SUBCASE("a link to somewhere else") {
        fs::remove(install.path("bin"));
        fs::create_symlink("/usr/bin", install.path("bin"));
        CHECK(install.fault() == "bin/Runner.Listener is missing or empty");
    }
}

TEST_CASE("start_fault: a runner that is no service needs no runsvc.sh") {
    const Install install;
    fs::remove(install.path(".service"));
    fs::remove(install.path("runsvc.sh"));
    CHECK(install.fault().empty());
}

TEST_CASE("node_of_script: the directory of node that the script names, if it is a plain name") {
    CHECK(node_of_script(script) == "node20");
    CHECK(node_of_script("./externals/node24/bin/node x") == "node24");
    CHECK(node_of_script("").empty());
    CHECK(node_of_script("./externals/").empty());
    CHECK(node_of_script("./externals/../../etc/bin/node").empty());
    CHECK(node_of_script("./externals/../bin/node").empty());
    CHECK(node_of_script("externals/" + std::string(1U << 16U, 'a') + "/bin/node").empty());
}

TEST_CASE("count_diag_pages: none without the directory, files are counted up to a bound") {
    const Install install;
    CHECK(count_diag_pages(install.root()) == 0);
    fs::create_directories(install.path("_diag/pages"));
    CHECK(count_diag_pages(install.root()) == 0);
    install.write("_diag/pages/a_b_1.log", "x");
    CHECK(count_diag_pages(install.root()) == 1);
    for (int number = 0; number < 1'100; ++number) {
        install.write("_diag/pages/" + std::to_string(number), "");
    }
    CHECK(count_diag_pages(install.root()) == 1'000);
}
