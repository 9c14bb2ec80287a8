#include "platform/no_links.h"

#include "tests/support/temporary_directory.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

using namespace paws;
using platform::open_no_links;
using platform::UniqueFd;

namespace fs = std::filesystem;

namespace {

struct Tree {
    Tree() {
        fs::create_directories(dir.path() / "a/b");
        std::ofstream{dir.path() / "a/b/file"} << "text";
        fs::create_symlink("a", dir.path() / "way");
        fs::create_symlink("file", dir.path() / "a/b/link");
        fs::create_symlink("/etc", dir.path() / "out");
        fs::create_symlink("none", dir.path() / "dangling");
        root = UniqueFd{::open(dir.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    }
    // 0, or why not.
    int opens(std::string_view path, int flags = O_RDONLY) const {
        errno = 0;
        const auto opened = open_no_links(root.get(), path, flags);
        return opened ? 0 : errno;
    }

    TemporaryDirectory dir;
    UniqueFd root;
};

}  // namespace

TEST_CASE("no links: real components lead to what they name, however they are written") {
    const Tree tree;
    for (const auto* path : {"a/b/file", "./a/b/file", "a/./b/file", "a//b///file", "a/b/./file"}) {
        const auto file = open_no_links(tree.root.get(), path, O_RDONLY);
        REQUIRE_MESSAGE(file, path);
        std::string text(4, '\0');
        CHECK(::read(file.get(), text.data(), 4) == 4);
        CHECK(text == "text");
    }
    for (const auto* path : {".", "./", "a", "a/", "a/b/.", "./."}) {
        CHECK_MESSAGE(tree.opens(path, O_RDONLY | O_DIRECTORY) == 0, path);
    }
}

TEST_CASE("no links: a symlink is an error on the way and at the end, wherever it points to") {
    const Tree tree;
    for (const auto* path : {"way/b/file",
                             "way",
                             "way/",
                             "a/b/link",
                             "out/passwd",
                             "out",
                             "dangling",
                             "dangling/x",
                             "a/b/link/x"}) {
        CHECK_MESSAGE(tree.opens(path) == ELOOP, path);
        CHECK_MESSAGE(tree.opens(path, O_RDONLY | O_DIRECTORY) == ELOOP, path);
    }
    CHECK(tree.opens("a/b/link", O_PATH) == ELOOP);
    CHECK(tree.opens("a/b/link", O_PATH | O_NOFOLLOW) == 0);  // the link itself
    CHECK(tree.opens("way/b/link", O_PATH) == ELOOP);
}

TEST_CASE("no links: nothing leads up or to the root") {
    const Tree tree;
    for (const auto* path :
         {"/etc/passwd", "/", "..", "a/..", "a/../a", "../x", "a/b/../../..", "./.."}) {
        CHECK_MESSAGE(tree.opens(path, O_PATH) == EXDEV, path);
    }
}

TEST_CASE("no links: what is not there, no directory or too deep says so") {
    const Tree tree;
    CHECK(tree.opens("") == ENOENT);
    CHECK(tree.opens("none") == ENOENT);
    CHECK(tree.opens("none/x") == ENOENT);
    CHECK(tree.opens("a/b/file/x") == ENOTDIR);
    CHECK(tree.opens("a/b/file", O_RDONLY | O_DIRECTORY) == ENOTDIR);
    std::string deep;
    for (int depth = 0; depth < 300; ++depth) {
        deep += "d/";
        fs::create_directory(tree.dir.path() / deep);
    }
    CHECK(tree.opens(deep) == ENAMETOOLONG);
    CHECK(tree.opens(std::string(300, 'x')) == ENAMETOOLONG);
}

TEST_CASE("no links: the descriptor is not inherited and none is left open on the way") {
    const Tree tree;
    const auto open_now = [] {
        return std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{});
    };
    const auto before = open_now();
    for (int turn = 0; turn < 10; ++turn) {
        const auto file = open_no_links(tree.root.get(), "a/b/file", O_RDONLY);
        CHECK((::fcntl(file.get(), F_GETFD) & FD_CLOEXEC) != 0);
        tree.opens("a/b/link");
        tree.opens("way/b");
    }
    CHECK(open_now() == before);
}
