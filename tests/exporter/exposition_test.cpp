#include "exporter/exposition.h"

#include "exporter/families.h"
#include "exporter/metric.h"
#include "tests/exporter/example.h"

#include <limits>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <prometheus/text_serializer.h>

using namespace paws::exporter;
using namespace paws::exporter::testing;

namespace {

std::vector<prometheus::MetricFamily> one_gauge(double value, const std::string& label) {
    Series series{{.name = "paws_test", .labels = "what", .help = "A \"test\"\nwith \\."}};
    series.add(value, {label});
    return {std::move(series).take()};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::string value_of(double value) {
    const auto line = lines_of(expose(one_gauge(value, "x"), Format::text)).back();
    return line.substr(line.rfind(' ') + 1);
}

// Every line as TextSerializer has it: the labels in braces, numbers read back.
std::multiset<std::pair<std::string, double>> samples_of(const std::string& text) {
    std::multiset<std::pair<std::string, double>> samples;
    for (const auto& line : lines_of(text)) {
        if (!line.starts_with("#")) {
            const auto space = line.rfind(' ');
            samples.emplace(line.substr(0, space), std::stod(line.substr(space + 1)));
        }
    }
    return samples;
}

}  // namespace

TEST_CASE("expose: quotes, newlines and backslashes in a label do not end it") {
    const auto text = expose(one_gauge(1, "a\"b\nc\\d} 2\npaws_up 1"), Format::text);
    CHECK(lines_of(text).size() == 3);
    CHECK(lines_of(text).back() == R"(paws_test{what="a\"b\nc\\d} 2\npaws_up 1"} 1)");
}

TEST_CASE("expose: what is not UTF-8 in a label becomes U+FFFD") {
    const auto text = expose(one_gauge(1, "/mnt/\xFF\xC3\xA9"), Format::text);
    CHECK(lines_of(text).back() == "paws_test{what=\"/mnt/\uFFFD\u00e9\"} 1");
}

TEST_CASE("expose: the help is one line, quotes in it are escaped in OpenMetrics alone") {
    CHECK(lines_of(expose(one_gauge(1, ""), Format::text)).front() ==
          R"(# HELP paws_test A "test"\nwith \\.)");
    CHECK(lines_of(expose(one_gauge(1, ""), Format::openmetrics)).front() ==
          R"(# HELP paws_test A \"test\"\nwith \\.)");
}

TEST_CASE("expose: numbers are the shortest that read back the same") {
    CHECK(value_of(0) == "0");
    CHECK(value_of(1763906400.125) == "1763906400.125");
    CHECK(value_of(18446744073709551615.0) == "18446744073709551616");
    CHECK(value_of(0.1) == "0.1");
    CHECK(value_of(1e300) == "1e+300");
    CHECK(value_of(std::numeric_limits<double>::quiet_NaN()) == "NaN");
    CHECK(value_of(std::numeric_limits<double>::infinity()) == "+Inf");
    CHECK(value_of(-std::numeric_limits<double>::infinity()) == "-Inf");
}

TEST_CASE("expose: the text says what prometheus-cpp's own serializer says") {
    const auto families = to_families(example_snapshot(), example_agent(), {});
    const auto ours = samples_of(expose(families, Format::text));
    const auto theirs = samples_of(prometheus::TextSerializer{}.Serialize(families));
    CHECK(ours.size() > 140);
    CHECK(ours == theirs);
}

TEST_CASE("expose: OpenMetrics names a counter's family without _total and ends with EOF") {
    const auto text =
        expose(to_families(example_snapshot(), example_agent(), {}), Format::openmetrics);
    CHECK(text.ends_with("\n# EOF\n"));
    CHECK(text.find("# TYPE paws_runner_cpu_seconds counter\n# UNIT paws_runner_cpu_seconds "
                    "seconds\npaws_runner_cpu_seconds_total{") != std::string::npos);
    CHECK(text.find("# TYPE paws_runner info\npaws_runner_info{") != std::string::npos);
    CHECK(text.find("# TYPE paws_agent_build info\n") != std::string::npos);
    CHECK(text.find("le=\"10.0\"} 0\n") != std::string::npos);
    CHECK(text.find("le=\"+Inf\"} 3\n") != std::string::npos);
}
