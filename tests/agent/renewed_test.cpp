#include "agent/renewed.h"

#include "platform/straggler.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;
using namespace std::chrono_literals;

namespace {

constexpr BootTime noon{12h};

// A word of two files that is good when both say the same.
class Rig {
public:
    Rig() {
        replace("a", "one");
        replace("b", "one");
    }

    void replace(const std::string& name, const std::string& text) const {
        std::ofstream{path(name + ".new")} << text;
        std::filesystem::rename(path(name + ".new"), path(name));
    }
    std::string path(const std::string& name) const { return (dir_.path() / name).string(); }
    // A look that is slow is left behind: once it is over it is looked again.
    std::string at(BootTime now) {
        for (;;) {
            const auto text = pair.current(now);
            if (hangs || !platform::has_open_questions()) {
                return *text;
            }
            while (platform::has_open_questions()) {
                std::this_thread::sleep_for(1ms);
            }
        }
    }
    bool good(BootTime now) {
        at(now);
        return pair.good(now);
    }

    std::vector<std::string> told;
    mutable std::mutex file_system;  // while it is held, a read does not come back
    bool hangs = false;

private:
    std::string text(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream{path(name)}.rdbuf();
        return text.str();
    }
    Renewed<std::string>::Made make() const {
        const std::lock_guard hanging{file_system};
        if (text("a") != text("b") || text("a").empty()) {
            return Error{Errc::malformed, text("a") + " and " + text("b")};
        }
        return std::shared_ptr<const std::string>{std::make_shared<std::string>(text("a"))};
    }

    TemporaryDirectory dir_;

public:
    Renewed<std::string> pair{{.name = "pair",
                               .files = {path("a"), path("b")},
                               .make = [this] { return make(); },
                               .tell =
                                   [this](const Renewed<std::string>::Made& made) {
                                       told.push_back(made ? **made : made.error().what);
                                   }}};
};

}  // namespace

TEST_CASE("Renewed: files that change are taken at once, and told once") {
    Rig rig;
    REQUIRE(rig.pair.begin(1min));
    CHECK(rig.at(noon) == "one");
    rig.replace("a", "two");
    rig.replace("b", "two");
    CHECK(rig.at(noon) == "two");
    CHECK(rig.at(noon + 1h) == "two");
    CHECK(rig.good(noon + 1h));
    CHECK(rig.told == std::vector<std::string>{"two"});
}

TEST_CASE("Renewed: files that are replaced one after the other are no fault") {
    Rig rig;
    REQUIRE(rig.pair.begin(1min));
    rig.replace("a", "two");
    CHECK(rig.at(noon) == "one");
    CHECK(rig.at(noon + 1900ms) == "one");
    std::filesystem::remove(rig.path("b"));
    CHECK(rig.at(noon + 1950ms) == "one");
    rig.replace("b", "two");
    CHECK(rig.at(noon + 2s) == "two");
    CHECK(rig.told == std::vector<std::string>{"two"});
}

TEST_CASE("Renewed: faulty files leave the one before in force, told once, until they are good") {
    Rig rig;
    REQUIRE(rig.pair.begin(1min));
    rig.replace("a", "two");
    CHECK(rig.at(noon) == "one");
    CHECK(rig.good(noon));
    CHECK_FALSE(rig.good(noon + 2s));
    CHECK(rig.at(noon + 1h) == "one");
    CHECK(rig.told == std::vector<std::string>{"two and one"});
    std::filesystem::remove(rig.path("b"));
    rig.at(noon + 2h);
    rig.at(noon + 3h);
    CHECK(rig.told == std::vector<std::string>{"two and one", "two and "});
    rig.replace("b", "two");
    CHECK(rig.good(noon + 4h));
    CHECK(rig.at(noon + 4h) == "two");
}

TEST_CASE("Renewed: a symlink that is led elsewhere is a change") {
    Rig rig;
    for (const auto* name : {"a", "b"}) {
        std::filesystem::create_directory(rig.path("1"));
        std::filesystem::rename(rig.path(name), rig.path(std::string{"1/"} + name));
        std::filesystem::create_symlink(rig.path(std::string{"live/"} + name), rig.path(name));
    }
    std::filesystem::create_directory_symlink(rig.path("1"), rig.path("live"));
    REQUIRE(rig.pair.begin(1min));
    std::filesystem::create_directory(rig.path("2"));
    rig.replace("2/a", "two");
    rig.replace("2/b", "two");
    std::filesystem::create_directory_symlink(rig.path("2"), rig.path("next"));
    std::filesystem::rename(rig.path("next"), rig.path("live"));
    CHECK(rig.at(noon) == "two");
}

TEST_CASE("Renewed: faulty at the start is an error") {
    Rig rig;
    rig.replace("b", "two");
    const auto begun = rig.pair.begin(1min);
    REQUIRE_FALSE(begun);
    CHECK(begun.error().what == "one and two");
    CHECK(rig.told.empty());
}

TEST_CASE("Renewed: a file that does not answer at the start is an error, and not waited for") {
    Rig rig;
    std::unique_lock hanging{rig.file_system};
    const auto begun = rig.pair.begin(50ms);
    hanging.unlock();
    REQUIRE_FALSE(begun);
    CHECK(begun.error().code == Errc::timeout);
    CHECK(rig.told.empty());
    while (platform::has_open_questions()) {
        std::this_thread::sleep_for(1ms);
    }
    REQUIRE(rig.pair.begin(1min));
    CHECK(rig.at(noon) == "one");
}

TEST_CASE("Renewed: while a file does not answer the one before is in force, and few wait for it") {
    Rig rig;
    REQUIRE(rig.pair.begin(1min));
    rig.replace("a", "two");
    rig.replace("b", "two");
    std::unique_lock hanging{rig.file_system};
    rig.hangs = true;
    const auto began = std::chrono::steady_clock::now();
    for (int asked = 0; asked < 100; ++asked) {
        CHECK(rig.at(noon) == "one");
    }
    CHECK(rig.good(noon + 1900ms));
    CHECK_FALSE(rig.good(noon + 2s));
    CHECK_FALSE(rig.good(noon + 1h));
    CHECK(std::chrono::steady_clock::now() - began < 20s);
    CHECK(rig.told == std::vector<std::string>{"pair has not answered"});
    hanging.unlock();
    rig.hangs = false;
    CHECK(rig.at(noon + 2h) == "two");
    CHECK(rig.good(noon + 2h));
    CHECK(rig.told == std::vector<std::string>{"pair has not answered", "two"});
}
