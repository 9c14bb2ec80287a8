#include "exporter/schema.h"

#include "exporter/families.h"
#include "exporter/runner_view.h"
#include "tests/exporter/example.h"

#include <set>

#include <doctest/doctest.h>

using namespace paws::exporter;
using namespace paws::exporter::testing;

namespace {

template <class Check>
void each_metric(const Check& check) {
    for (const auto& section : schema()) {
        for (const auto& metric : section.metrics) {
            CAPTURE(metric.name);
            check(metric);
        }
    }
}

}  // namespace

TEST_CASE("schema: every metric has a help, says when it is absent, and stands there once") {
    std::set<std::string_view> names;
    each_metric([&](const Metric& metric) {
        CHECK(metric.help.ends_with('.'));
        CHECK_FALSE(metric.absent.empty());
        CHECK(names.insert(metric.name).second);
        CHECK(find_metric(metric.name) == &metric);
    });
    CHECK(find_metric("paws_runner_horses") == nullptr);
}

TEST_CASE("schema: names end as their type and unit say") {
    each_metric([](const Metric& metric) {
        auto name = metric.name;
        CHECK(name.ends_with("_total") == (metric.kind == Kind::counter));
        CHECK(name.ends_with("_info") == (metric.kind == Kind::info));
        if (metric.kind == Kind::counter) {
            name.remove_suffix(std::string_view{"_total"}.size());
        }
        CHECK((metric.unit.empty() || name.ends_with(metric.unit)));
        CHECK(name.ends_with("_seconds") == (metric.unit == "seconds"));
        CHECK(name.ends_with("_bytes") == (metric.unit == "bytes"));
    });
}

TEST_CASE(
    "schema: a snapshot of which everything is known fills every metric but those without source") {
    std::set<std::string> told;
    for (const auto& family : to_families(example_snapshot(), example_agent(), {})) {
        told.insert(family.name);
    }
    each_metric([&](const Metric& metric) {
        CHECK(told.contains(std::string{metric.name}) == (metric.fill != nullptr));
    });
}

TEST_CASE("scope_of: the path of the registration") {
    CHECK(scope_of("https://github.com/acme/widgets") == "acme/widgets");
    CHECK(scope_of("https://github.com/acme/") == "acme");
    CHECK(scope_of("https://ghe.example/enterprises/x?a=b") == "enterprises/x");
    CHECK(scope_of("https://github.com").empty());
    CHECK(scope_of("").empty());
}
