#include "platform/denied.h"

#include "tests/support/temporary_directory.h"

#include <fstream>

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace paws;
using platform::way_to_read;

namespace {

constexpr uid_t nobody = 65534;

// Whether nobody is told `command` about `path`. In a child: such rights are not given back.
bool is_told(const std::string& path, const std::string& command) {
    const auto child = ::fork();
    if (child == 0) {
        // Under sudo root is in the group root as well.
        if (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0) {
            ::_exit(99);
        }
        ::_exit(way_to_read(path).ends_with("; run: " + command) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("denied: the way to what may not be read is opened where it is closed" *
          doctest::test_suite("root") * doctest::skip(::geteuid() != 0)) {
    const TemporaryDirectory dir;
    REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
    const auto folder = (dir.path() / "folder").string();
    REQUIRE(::mkdir(folder.c_str(), 0755) == 0);
    REQUIRE(::mkdir((folder + "/inner").c_str(), 0700) == 0);
    const auto file = folder + "/inner/file";
    std::ofstream{file} << "x";
    CHECK(is_told(file, "chgrp paws-agent " + folder + "/inner && chmod g+x " + folder + "/inner"));
    CHECK(is_told(folder + "/inner",
                  "chgrp paws-agent " + folder + "/inner && chmod g+rx " + folder + "/inner"));
    REQUIRE(::chmod((folder + "/inner").c_str(), 0755) == 0);
    CHECK(is_told(file, "chgrp paws-agent " + file + " && chmod 0640 " + file));
    REQUIRE(::chmod(folder.c_str(), 0700) == 0);
    CHECK(is_told(file, "chgrp paws-agent " + folder + " && chmod g+x " + folder));
}
