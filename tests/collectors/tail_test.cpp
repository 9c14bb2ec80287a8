#include "collectors/tail.h"

#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using collectors::Tail;
using platform::Beneath;

namespace fs = std::filesystem;

namespace {

class Rig {
public:
    fs::path file() const { return dir_.path() / "log"; }

    void append(std::string_view text) const {
        std::ofstream{file(), std::ios::binary | std::ios::app} << text;
    }

    std::vector<std::string> read(std::size_t budget = std::size_t{1} << 20U) {
        const auto directory = Beneath::open(*platform::RootFs::open("/"), dir_.path().string());
        const auto opened = directory->open_file("log");
        REQUIRE(opened);
        std::vector<std::string> lines;
        REQUIRE(
            tail_.read(*opened, budget, [&](std::string_view line) { lines.emplace_back(line); }));
        left_ = budget;
        return lines;
    }
    std::size_t left() const { return left_; }

private:
    TemporaryDirectory dir_;
    Tail tail_;
    std::size_t left_ = 0;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("tail: each whole line once, and one that is begun when its end comes") {
    Rig rig;
    rig.append("one\ntwo\nthr");
    CHECK(rig.read() == Lines{"one", "two"});
    CHECK(rig.read().empty());
    rig.append("ee\n\nfour\n");
    CHECK(rig.read() == Lines{"three", "", "four"});
}

TEST_CASE("tail: a large file is begun near its end, at the beginning of a line") {
    Rig rig;
    std::string text;
    for (int number = 100'000; number < 200'000; ++number) {
        text += "line " + std::to_string(number) + "\n";
    }
    rig.append(text);
    const auto lines = rig.read();
    CHECK(lines.size() == Tail::first_look / 12);
    CHECK(lines.front().size() == 11);
    CHECK(lines.back() == "line 199999");
}

TEST_CASE("tail: a round reads what it may, the next goes on") {
    Rig rig;
    rig.append("12345\n12345\n12345\n");
    CHECK(rig.read(8) == Lines{"12345"});
    CHECK(rig.left() == 0);
    CHECK(rig.read(8) == Lines{"12345"});
    CHECK(rig.read(8) == Lines{"12345"});
    CHECK(rig.left() == 6);
}

TEST_CASE("tail: a line of 8 MB is dropped to its end, in pieces, and the next line is there") {
    Rig rig;
    rig.append("first\n");
    CHECK(rig.read() == Lines{"first"});
    rig.append(std::string(Tail::longest_lag - 100, 'x'));
    for (int round = 0; round < 8; ++round) {
        CHECK(rig.read().empty());
    }
    rig.append("\nnext\n");
    CHECK(rig.read() == Lines{"next"});
}

TEST_CASE("tail: a line of just the longest length is given, one byte more is not") {
    Rig rig;
    const std::string longest(Tail::longest_line, 'x');
    rig.append(longest + "\n");
    CHECK(rig.read() == Lines{longest});
    rig.append(longest + "y\nz\n");
    CHECK(rig.read() == Lines{"z"});
}

TEST_CASE("tail: what is written faster than it is read is skipped") {
    Rig rig;
    rig.append("first\n");
    CHECK(rig.read(100) == Lines{"first"});
    rig.append(std::string(Tail::longest_lag, '\n') + "last\n");
    const auto lines = rig.read();
    CHECK(lines.size() == Tail::first_look - 4 - 1);
    CHECK(lines.back() == "last");
}

TEST_CASE("tail: a file that was cut short, and one that took its place, are begun anew") {
    Rig rig;
    rig.append("old line\nbeg");
    CHECK(rig.read() == Lines{"old line"});
    std::ofstream{rig.file(), std::ios::binary | std::ios::trunc} << "new\n";
    CHECK(rig.read() == Lines{"new"});
    std::ofstream{rig.file().string() + ".2", std::ios::binary} << "another one\n";
    fs::rename(rig.file().string() + ".2", rig.file());
    CHECK(rig.read() == Lines{"another one"});
}

TEST_CASE("tail: a sparse file of a terabyte costs no more than another") {
    Rig rig;
    rig.append("x");
    fs::resize_file(rig.file(), 1ULL << 40U);
    rig.append("end\nline\n");
    CHECK(rig.read() == Lines{"line"});
}
