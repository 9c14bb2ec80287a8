#include "pawsctl/render_status.h"

#include "pawsctl/fields.h"
#include "pawsctl/width.h"
#include "tests/pawsctl/golden_screen.h"

#include <algorithm>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;
using namespace paws::tests;

namespace {

std::string drawn(const boost::json::object& status, const Screen& screen) {
    std::string all;
    for (const auto& line : render_status(status, screen)) {
        all += line + "\n";
    }
    return all;
}

constexpr Screen wide80{80, {}, false, true};

std::size_t widest(const std::string& text) {
    std::size_t columns = 0;
    for (auto rest = std::string_view{text}; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        columns = std::max(columns, columns_of(line));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    return columns;
}

boost::json::object with_runners(std::size_t count) {
    auto status = recorded_answer("healthy");
    auto& runners = status.at("runners").as_array();
    const auto pattern = runners.front().as_object();
    runners.clear();
    for (std::size_t at = 0; at < count; ++at) {
        auto runner = pattern;
        runner["name"] = "acme-widgets.build-" + std::to_string(at);
        runner["state"] = at % 7 == 3 ? "hung" : "idle";
        runner["health"] = at % 7 == 3 ? "failed" : "ok";
        runner["reason"] = at % 7 == 3 ? "proof" : "";
        runners.push_back(std::move(runner));
    }
    return status;
}

}  // namespace

TEST_CASE("render_status: each recorded answer is drawn as its golden screen") {
    for (const auto* name : {"healthy",
                             "no_runners",
                             "degraded",
                             "failed",
                             "stopped",
                             "missing_facts",
                             "stale",
                             "hostile"}) {
        CAPTURE(name);
        check_screen(name, render_status(recorded_answer(name), wide80));
    }
}

TEST_CASE("render_status: in colour and in ASCII the words are the same") {
    check_screen("failed_colour",
                 render_status(recorded_answer("failed"), Screen{80, {}, true, true}));
    check_screen("hostile_ascii",
                 render_status(recorded_answer("hostile"), Screen{80, {}, false, false}));
}

TEST_CASE("render_status: no line is wider than the screen, whatever its width") {
    for (const auto* name :
         {"healthy", "degraded", "failed", "stopped", "missing_facts", "hostile"}) {
        const auto status = recorded_answer(name);
        for (std::size_t columns = 1; columns <= 200; ++columns) {
            CAPTURE(name);
            CAPTURE(columns);
            CHECK(widest(drawn(status, {columns, {}, false, true})) <= columns);
            CHECK(widest(drawn(status, {columns, {}, false, false})) <= columns);
        }
    }
}

TEST_CASE("render_status: without a width nothing is cut") {
    const auto shown = drawn(recorded_answer("hostile"), {{}, {}, false, true});
    CHECK(shown.find("…") == std::string::npos);
    CHECK(shown.find(std::string(120, 'x') + "-tail-07") != std::string::npos);
    CHECK(shown.find(std::string(200, 'A')) != std::string::npos);
}

TEST_CASE("render_status: nothing that others wrote reaches the terminal as a command") {
    for (const bool unicode : {true, false}) {
        const auto shown = drawn(recorded_answer("hostile"), {80, {}, false, unicode});
        CHECK(shown.find('\x1b') == std::string::npos);
        CHECK(shown.find('\x07') == std::string::npos);
        CHECK(shown.find('\r') == std::string::npos);
        CHECK(shown.find("\xC2\x9B") == std::string::npos);      // CSI as one character
        CHECK(shown.find("\xE2\x80\xAE") == std::string::npos);  // right to left from here
    }
    const auto ascii = drawn(recorded_answer("hostile"), {80, {}, false, false});
    CHECK(ascii.find_first_not_of("\n !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~") == std::string::npos);
}

TEST_CASE("render_status: of thirty runners the failed stand first, the well take one line") {
    const auto lines = render_status(with_runners(30), wide80);
    const auto head = render_status(with_runners(0), wide80).size() - 3;  // its lines of advice
    CHECK(lines.front() == "failed on build-host, 30 runners: 4 hung, 26 idle");
    CHECK(lines.size() == head + 1 + 30 + 4);
    CHECK(lines[head + 1].find("build-3 ") != std::string::npos);
    CHECK(lines[head + 2] == "    failed: proof");
    CHECK(lines.back().find("build-29") != std::string::npos);
}

TEST_CASE("render_status: an answer that holds nothing is not known, not zero") {
    for (const auto* empty : {"{}",
                              R"({"version":1})",
                              R"({"host":3,"agent":[],"runners":{}})",
                              R"({"runners":[1,null,{}],"host":{"memory":"much"}})"}) {
        CAPTURE(empty);
        const auto shown = drawn(boost::json::parse(empty).as_object(), wide80);
        CHECK(shown.starts_with("unknown, "));
        CHECK(shown.find("not known") != std::string::npos);
        CHECK(shown.find("0 %") == std::string::npos);
    }
}

TEST_CASE("render_status: the summary speaks of the runners asked for") {
    const auto status = recorded_answer("failed");
    const auto all = objects(status, "runners");
    const auto lines = render_status(status, {all.front()}, wide80);
    CHECK(lines.front() == "all well on build-host, 1 runner: 1 idle");
}

TEST_CASE("render_status: an error is shown to its end, where the command that mends it stands") {
    std::string error;
    for (int word = 0; word < 60; ++word) {
        error += "word" + std::to_string(word) + " ";
    }
    const auto status =
        boost::json::parse(
            R"({"agent":{"collectors":[{"name":"journal","success":false,"error":")" + error +
            R"(mend-it"}]},"host":{"filesystems":[{"mountpoint":"/srv",)" +
            R"("device":"nas:/srv","size_bytes":null,"error":")" + error + R"(mount-it"}]}})")
            .as_object();
    const auto text = drawn(status, wide80);
    CHECK(text.find("mend-it") != std::string::npos);
    CHECK(text.find("mount-it") != std::string::npos);
    CHECK(widest(text) <= 80);
}
