#include "collectors/command_line.h"

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace paws::collectors;
using namespace std::string_literals;

namespace {

using Words = std::vector<std::string_view>;

constexpr std::array<std::string_view, 2> scripts{"run.sh", "runsvc.sh"};

}  // namespace

TEST_CASE("program_words: what lies between the zero bytes, empty words too, the first four") {
    CHECK(program_words("/bin/bash\0/opt/r/run.sh\0"s) == Words{"/bin/bash", "/opt/r/run.sh"});
    CHECK(program_words("a\0\0b\0"s) == Words{"a", "", "b"});
    CHECK(program_words("a\0b\0c\0d\0e\0"s) == Words{"a", "b", "c", "d"});
    CHECK(program_words("no end") == Words{"no end"});
    CHECK(program_words("").empty());
}

TEST_CASE("program_words: a word is as long as a path can be, whatever a process wrote") {
    const std::string huge(1'000'000, 'x');
    const auto words = program_words(huge + "\0run\0"s);
    REQUIRE(words.size() == 2);
    CHECK(words[0].size() == longest_program_word);
    CHECK(program_words(std::string(1'000'000, '\0')).size() == most_program_words);
}

TEST_CASE("is_program_of: bin, or bin of a version, and nothing between or around") {
    CHECK(is_program_of("/opt/r/bin/Runner.Listener", "/opt/r", "Runner.Listener"));
    CHECK(is_program_of("/opt/r/bin.2.336.0/Runner.Listener", "/opt/r/", "Runner.Listener"));
    for (const auto* other : {"",
                              "/",
                              "/opt/r",
                              "/opt/r/bin",
                              "/opt/r/Runner.Listener",
                              "/opt/rRunner.Listener",
                              "/opt/r2/bin/Runner.Listener",
                              "/opt/r/bin.2/x/Runner.Listener",
                              "/opt/r/bin./../_work/Runner.Listener",
                              "/opt/r/bin/Runner.Listener/",
                              "/opt/r/binary/Runner.Listener"}) {
        CAPTURE(other);
        CHECK_FALSE(is_program_of(other, "/opt/r", "Runner.Listener"));
    }
}

TEST_CASE("is_program_of: a path shorter than root and name together is no program of it") {
    CHECK_FALSE(is_program_of("/r/bin/", "/r", "r/bin/"));
}

TEST_CASE("name_a_script: by the file's name, wherever it lies") {
    CHECK(name_a_script(Words{"/bin/bash", "/opt/r/run.sh"}, scripts));
    CHECK(name_a_script(Words{"runsvc.sh"}, scripts));
    CHECK_FALSE(name_a_script(Words{"/bin/bash", "/opt/r/run.sh/x", "rerun.sh"}, scripts));
    CHECK_FALSE(name_a_script(Words{"", "/"}, scripts));
    CHECK_FALSE(name_a_script({}, scripts));
}
