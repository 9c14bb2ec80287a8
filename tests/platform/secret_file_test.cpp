#include "platform/secret_file.h"

#include "tests/support/temporary_directory.h"

#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using platform::read_secret;

namespace {

struct Rig {
    TemporaryDirectory dir;
    std::string path = (dir.path() / "token").string();

    explicit Rig(const std::string& text, mode_t mode = 0640) {
        std::ofstream{path} << text;
        ::chmod(path.c_str(), mode);
    }
};

}  // namespace

TEST_CASE("secret_file: its text without blanks around it") {
    const Rig rig{" ghp_1234\n"};
    const auto secret = read_secret(rig.path);
    REQUIRE(secret);
    CHECK(*secret == "ghp_1234");
}

TEST_CASE("secret_file: what others may read or the group may change is refused, and not shown") {
    for (const mode_t mode : {0644U, 0660U, 0604U, 0601U, 0650U, 0666U}) {
        const Rig rig{"ghp_1234", mode};
        const auto secret = read_secret(rig.path);
        REQUIRE_FALSE(secret);
        CHECK(secret.error().code == Errc::denied);
        CHECK(secret.error().what.find("chmod 0640 " + rig.path) != std::string::npos);
        CHECK(secret.error().what.find("ghp") == std::string::npos);
    }
    for (const mode_t mode : {0400U, 0600U, 0640U, 0440U}) {
        CHECK(read_secret(Rig{"x", mode}.path).has_value());
    }
}

TEST_CASE("secret_file: another user's is refused" * doctest::test_suite("root") *
          doctest::skip(::geteuid() != 0)) {
    const Rig rig{"ghp_1234", 0600};
    REQUIRE(::chown(rig.path.c_str(), 65534, 65534) == 0);
    CHECK(read_secret(rig.path).error().code == Errc::denied);
}

TEST_CASE("secret_file: another group may not read it" * doctest::test_suite("root") *
          doctest::skip(::geteuid() != 0)) {
    const Rig rig{"ghp_1234", 0640};
    REQUIRE(::chown(rig.path.c_str(), 0, 65534) == 0);
    const auto secret = read_secret(rig.path);
    REQUIRE_FALSE(secret);
    CHECK(secret.error().code == Errc::denied);
    CHECK(secret.error().what.find("chgrp paws-agent " + rig.path) != std::string::npos);
    REQUIRE(::chmod(rig.path.c_str(), 0600) == 0);
    CHECK(read_secret(rig.path));
}

TEST_CASE("secret_file: absent, empty, huge and no file at all") {
    CHECK(read_secret("/nowhere/token").error().code == Errc::absent);
    CHECK(read_secret(Rig{" \n"}.path).error().code == Errc::malformed);
    CHECK(read_secret(Rig{std::string(platform::secret_limit + 1, 'x')}.path).error().code ==
          Errc::malformed);
    CHECK(read_secret("/").error().code == Errc::malformed);
    CHECK(read_secret("/dev/zero").error().code == Errc::malformed);
}
