#include "pawsctl/words.h"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;

TEST_CASE("clock_words: the kernel's word, and how far off GitHub finds it") {
    struct Row {
        const char* clock;
        const char* words;
    };
    for (const auto& row :
         std::vector<Row>{{"{}", "not known"},
                          {R"({"synchronised":true,"behind_github_seconds":0})", "synchronised"},
                          {R"({"synchronised":true,"behind_github_seconds":null})", "synchronised"},
                          {R"({"synchronised":true,"behind_github_seconds":0.9})", "synchronised"},
                          {R"({"synchronised":false,"behind_github_seconds":190.5})",
                           "not synchronised, 3 min behind GitHub's"},
                          {R"({"synchronised":null,"behind_github_seconds":-3})",
                           "not known, 3 s ahead of GitHub's"}}) {
        CAPTURE(row.clock);
        CHECK(clock_words(boost::json::parse(row.clock).as_object()) == row.words);
    }
}

TEST_CASE("has_problem: the whole word") {
    const auto host = boost::json::parse(R"({"problems":["disk","clock_late"]})").as_object();
    CHECK(has_problem(host, "disk"));
    CHECK_FALSE(has_problem(host, "clock"));
    CHECK_FALSE(has_problem({}, "disk"));
}
