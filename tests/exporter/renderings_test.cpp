#include "exporter/renderings.h"

#include "tests/exporter/gunzip.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

using namespace paws::exporter;
using paws::exporter::testing::gunzip;

namespace {

class CountedRender {
public:
    std::string operator()(Format format) {
        ++times_;
        return format == Format::text ? "text" : "openmetrics";
    }
    int times() const { return times_; }

private:
    std::atomic<int> times_ = 0;
};

}  // namespace

TEST_CASE("Renderings: a thousand readers of one moment cost one rendering") {
    Renderings renderings;
    CountedRender render;
    const auto read = [&] {
        for (int reader = 0; reader < 250; ++reader) {
            const auto got =
                renderings.of({.sequence = 1}, Format::text, Encoding::identity, std::ref(render));
            REQUIRE(*got == "text");
        }
    };
    std::thread first{read};
    std::thread second{read};
    std::thread third{read};
    read();
    first.join();
    second.join();
    third.join();
    CHECK(render.times() == 1);
}

TEST_CASE("Renderings: each format is rendered once, packed or not") {
    Renderings renderings;
    CountedRender render;
    for (int round = 0; round < 3; ++round) {
        for (const auto format : {Format::text, Format::openmetrics}) {
            const auto plain =
                renderings.of({.sequence = 1}, format, Encoding::identity, std::ref(render));
            const auto packed =
                renderings.of({.sequence = 1}, format, Encoding::gzip, std::ref(render));
            CHECK(gunzip(*packed) == *plain);
        }
    }
    CHECK(render.times() == 2);
}

TEST_CASE("Renderings: a new snapshot, or an old one outdated, is rendered anew") {
    Renderings renderings;
    CountedRender render;
    const auto read = [&](const Renderings::Moment& moment) {
        renderings.of(moment, Format::text, Encoding::gzip, std::ref(render));
    };
    read({.sequence = 1});
    read({.sequence = 2});
    read({.sequence = 2, .outdated = true});
    read({.sequence = 2, .outdated = true});
    CHECK(render.times() == 3);
}

TEST_CASE("Gzip: one compressor packs text after text") {
    Gzip gzip;
    const std::string large(3'000'000, 'x');
    CHECK(gunzip(gzip.compress("")).empty());
    CHECK(gunzip(gzip.compress(large)) == large);
    CHECK(gunzip(gzip.compress("a\nb")) == "a\nb");
}
