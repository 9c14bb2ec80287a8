#include "pawsctl/log_line.h"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;

namespace {

boost::json::object line(const std::string& labels, const std::string& text = "hello") {
    return {
        {"number", 7}, {"time", "2026-11-23T14:55:01.123Z"}, {"labels", labels}, {"line", text}};
}

const std::string docker = R"({host="h", job="journal", level="error", unit="docker.service"})";
const std::string runner =
    R"({host="h", job="journal", level="info", runner="acme-widgets.build-01", unit="x.service"})";
const std::string diag =
    R"({host="h", job="runner-diag", level="debug", runner="acme-widgets.build-01"})";
constexpr Screen plain{{}, {}, false, true};

}  // namespace

TEST_CASE("log_line: labels are read as Loki's push writes them") {
    const auto labels = parse_labels(R"({a="1", b="x\"}, c=\"2", d="back\\slash", e=""})");
    CHECK(labels.size() == 4);
    CHECK(labels.at("a") == "1");
    CHECK(labels.at("b") == R"(x"}, c="2)");
    CHECK(labels.at("d") == R"(back\slash)");
    CHECK(labels.at("e").empty());
}

TEST_CASE("log_line: garbage has no labels, or some, and no end of time") {
    CHECK(parse_labels("").empty());
    CHECK(parse_labels("{}").empty());
    CHECK(parse_labels("a=\"b\"").empty());
    CHECK(parse_labels("{a=b}").empty());
    CHECK(parse_labels("{a=\"unfinished").at("a") == "unfinished");
    CHECK(parse_labels("{a=\"\\").at("a") == "\\");
    CHECK(parse_labels("{" + std::string(100'000, '=')).empty());
}

TEST_CASE("log_line: time, who wrote it, how grave, and all of the line") {
    CHECK(render_log_line(line(docker), plain) ==
          "14:55:01.123  docker                 error     hello");
    CHECK(render_log_line(line(runner), plain) ==
          "14:55:01.123  acme-widgets.build-01  info      hello");
    CHECK(render_log_line(line(diag), plain) ==
          "14:55:01.123  acme-widgets.build-01 diag  debug     hello");
    const std::string longer(5000, 'x');
    CHECK(render_log_line(line(docker, longer), {40, {}, false, true}).ends_with(longer));
}

TEST_CASE("log_line: the level colours the word and the line") {
    const Screen colour{{}, {}, true, true};
    const auto shown = render_log_line(line(docker), colour);
    CHECK(shown.find("\x1b[1;31merror\x1b[0m") != std::string::npos);
    CHECK(shown.find("\x1b[1;31mhello\x1b[0m") != std::string::npos);
    CHECK(render_log_line(line(runner), colour).find("mhello") == std::string::npos);
}

TEST_CASE("log_line: nothing that others wrote reaches the terminal as a command") {
    auto hostile = line("{unit=\"\x1b[31m\", level=\"\x1b[2J\"}",
                        "a\x1b]0;x\x07\r\n\xC2\x9B"
                        "2J");
    hostile["time"] = "\x1b[HT\x1b[H.Z";
    for (const bool unicode : {true, false}) {
        const auto shown = render_log_line(hostile, {{}, {}, false, unicode});
        for (const auto* bad : {"\x1b", "\x07", "\r", "\n", "\xC2\x9B"}) {
            CHECK(shown.find(bad) == std::string::npos);
        }
    }
}

TEST_CASE("log_line: a line without anything is a line") {
    CHECK(render_log_line({}, plain) == "-  -                      -");
    CHECK(render_log_line(boost::json::parse(R"({"time":3,"labels":[],"line":null})").as_object(),
                          plain) == "-  -                      -");
}

TEST_CASE("log_line: filters take a name as people write it") {
    CHECK(is_wanted(line(docker), {}));
    CHECK(is_wanted(line(docker), {.unit = "docker"}));
    CHECK(is_wanted(line(docker), {.unit = "docker.service"}));
    CHECK_FALSE(is_wanted(line(docker), {.unit = "dock"}));
    CHECK(is_wanted(line(runner), {.runner = "acme-widgets.build-01"}));
    CHECK(is_wanted(line(diag), {.runner = "actions.runner.acme-widgets.build-01.service"}));
    CHECK_FALSE(is_wanted(line(docker), {.runner = "acme-widgets.build-01"}));
    CHECK(is_wanted(line(docker), {.level = "warning"}));
    CHECK(is_wanted(line(docker), {.level = "error"}));
    CHECK_FALSE(is_wanted(line(docker), {.level = "critical"}));
    CHECK_FALSE(is_wanted(line(runner), {.level = "warning"}));
    CHECK_FALSE(is_wanted(line("{}"), {.level = "debug"}));
    CHECK_FALSE(is_wanted(line(docker), {.unit = "docker", .level = "critical"}));
}
