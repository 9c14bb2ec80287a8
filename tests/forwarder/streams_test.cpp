#include "forwarder/streams.h"

#include <doctest/doctest.h>

using namespace paws::forwarder;

namespace {

Origin unit(const std::string& name) {
    return {.job = "journal", .unit = name, .runner = ""};
}

}  // namespace

TEST_CASE("streams: labels are those of all lines, of the origin and of the level") {
    Streams streams{{{"host", "build-01"}, {"environment", "prod"}}};
    const auto place = streams.of({.job = "journal", .unit = "a.service", .runner = "acme.one"});
    CHECK_FALSE(place.crowded);
    CHECK(streams.labels(Streams::at_level(place.first, Level::warning)) ==
          R"({environment="prod", host="build-01", job="journal", level="warning", )"
          R"(runner="acme.one", unit="a.service"})");
    const auto bare = streams.of({.job = "paws-agent", .unit = "", .runner = ""});
    CHECK(streams.labels(Streams::at_level(bare.first, Level::info)) ==
          R"({environment="prod", host="build-01", job="paws-agent", level="info"})");
}

TEST_CASE("streams: each level of an origin has its own, the same each time") {
    Streams streams{{}};
    const auto one = streams.of(unit("a.service"));
    const auto two = streams.of(unit("b.service"));
    CHECK(streams.of(unit("a.service")).first == one.first);
    CHECK(streams.count() == 2 * levels.size());
    for (const auto level : levels) {
        const auto text = std::string{"level=\""} + std::string{to_string(level)} + "\"";
        const auto& labels = streams.labels(Streams::at_level(two.first, level));
        CHECK(labels.find(text) != std::string::npos);
        CHECK(labels.find("b.service") != std::string::npos);
    }
    CHECK_THROWS(streams.labels(static_cast<StreamId>(streams.count())));
}

TEST_CASE("streams: a unit does not become another by what stands in its name") {
    Streams streams{{}};
    const auto one = streams.of({.job = "journal", .unit = "a", .runner = "b"});
    const auto two = streams.of({.job = "journal", .unit = "b", .runner = "a"});
    CHECK(one.first != two.first);
}

TEST_CASE("streams: beyond the bound units share a stream of their source") {
    Streams streams{{}, 3};
    for (const auto* name : {"a", "b", "c"}) {
        CHECK_FALSE(streams.of(unit(name)).crowded);
    }
    const auto crowded = streams.of(unit("d"));
    CHECK(crowded.crowded);
    CHECK(streams.of(unit("e")).first == crowded.first);
    CHECK(streams.labels(Streams::at_level(crowded.first, Level::info)) ==
          R"({job="journal", level="info", unit="other"})");
    const auto count = streams.count();
    for (int i = 0; i < 1'000; ++i) {
        CHECK(streams.of(unit(std::to_string(i))).crowded);
    }
    CHECK(streams.count() == count);
    CHECK_FALSE(streams.of(unit("a")).crowded);  // as before
    const auto runner =
        streams.of({.job = "journal", .unit = "actions.runner.one.service", .runner = "one"});
    CHECK_FALSE(runner.crowded);
    CHECK(streams.labels(runner.first).find("runner=\"one\"") != std::string::npos);
    streams.of({.job = "else", .unit = "c", .runner = ""});
    const auto other_source = streams.of({.job = "else", .unit = "d", .runner = ""});
    CHECK(other_source.first != crowded.first);
}

TEST_CASE("streams: so do runners, of which a host may see ever new ones, beyond their own") {
    Streams streams{{}, 1, 2};
    const auto of = [&](const std::string& name) {
        return streams.of({.job = "journal", .unit = name + ".service", .runner = name});
    };
    CHECK_FALSE(of("one").crowded);
    CHECK_FALSE(of("two").crowded);
    const auto crowded = of("three");
    CHECK(crowded.crowded);
    CHECK(streams.labels(Streams::at_level(crowded.first, Level::info)) ==
          R"({job="journal", level="info", runner="other", unit="other"})");
    CHECK(streams.of(unit("a")).first != crowded.first);
    const auto count = streams.count();
    for (int i = 0; i < 1'000; ++i) {
        CHECK(of(std::to_string(i)).first == crowded.first);
    }
    CHECK(streams.count() == count);
    CHECK_FALSE(of("one").crowded);
}

TEST_CASE("label text: values are quoted as Loki parses them, and no value ends its own quotes") {
    CHECK(label_text({}) == "{}");
    CHECK(label_text({{"a", R"(b"c\d)"}}) == R"({a="b\"c\\d"})");
    CHECK(label_text({{"a", "x\ny\t\xFFz"}}) == "{a=\"x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBDz\"}");
    CHECK(label_text({{"a", "dev-disk-by\\x2duuid"}}) == R"({a="dev-disk-by\\x2duuid"})");
    CHECK(label_text({{"a", std::string(100'000, 'x')}}).size() == 1024 + 6);
}
