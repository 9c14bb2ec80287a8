#include "exporter/exposition.h"

#include "exporter/schema.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

// An own writer in place of prometheus::TextSerializer: that one knows no OpenMetrics, and goes
// through an ostream, which takes twenty times as long (414 us against 19 us for 331 series).

namespace paws::exporter {

namespace {

// Text calls the family by the sample's name, OpenMetrics without its suffix.
struct FamilyName {
    std::string_view family;
    std::string_view type;
    std::string_view unit;
};

std::string_view text_type(prometheus::MetricType type) {
    switch (type) {
        case prometheus::MetricType::Counter:
            return "counter";
        case prometheus::MetricType::Gauge:
            return "gauge";
        case prometheus::MetricType::Histogram:
            return "histogram";
        case prometheus::MetricType::Summary:
        case prometheus::MetricType::Untyped:
            return "untyped";
    }
    return "untyped";
}

std::string_view without_suffix(std::string_view name, std::string_view suffix) {
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

FamilyName text_name(const prometheus::MetricFamily& family) {
    return {.family = family.name, .type = text_type(family.type)};
}

FamilyName openmetrics_name(const prometheus::MetricFamily& family) {
    const auto* row = find_metric(family.name);
    if (row != nullptr && row->kind == Kind::info) {
        return {.family = without_suffix(family.name, "_info"), .type = "info"};
    }
    const auto unit = row != nullptr ? row->unit : std::string_view{};
    if (family.type == prometheus::MetricType::Counter) {
        return {.family = without_suffix(family.name, "_total"), .type = "counter", .unit = unit};
    }
    const auto type = text_type(family.type);
    return {.family = family.name, .type = type == "untyped" ? "unknown" : type, .unit = unit};
}

class Writer {
public:
    explicit Writer(Format format) : format_{format} {}

    void write(const prometheus::MetricFamily& family) {
        const auto name =
            format_ == Format::openmetrics ? openmetrics_name(family) : text_name(family);
        metadata("# HELP ", name.family);
        escape(family.help, format_ == Format::openmetrics);
        metadata("\n# TYPE ", name.family);
        out_ += name.type;
        if (!name.unit.empty()) {
            metadata("\n# UNIT ", name.family);
            out_ += name.unit;
        }
        out_ += '\n';
        for (const auto& metric : family.metric) {
            if (family.type == prometheus::MetricType::Histogram) {
                histogram(family.name, metric);
            } else {
                const bool counts = family.type == prometheus::MetricType::Counter;
                sample(family.name, "", metric, counts ? metric.counter.value : metric.gauge.value);
            }
        }
    }

    std::string take() && {
        if (format_ == Format::openmetrics) {
            out_ += "# EOF\n";
        }
        return std::move(out_);
    }

private:
    void metadata(std::string_view word, std::string_view family) {
        out_ += word;
        out_ += family;
        out_ += ' ';
    }

    void escape(std::string_view text, bool quotes) {
        for (const char byte : text) {
            if (byte == '\\') {
                out_ += "\\\\";
            } else if (byte == '\n') {
                out_ += "\\n";
            } else if (byte == '"' && quotes) {
                out_ += "\\\"";
            } else {
                out_ += byte;
            }
        }
    }

    void number(double value) {
        if (std::isnan(value)) {
            out_ += "NaN";
        } else if (std::isinf(value)) {
            out_ += value > 0 ? "+Inf" : "-Inf";
        } else {
            std::array<char, 32> digits{};
            out_.append(digits.data(), written(value, digits));
        }
    }

    // The shortest digits that read back the same; a whole number without an exponent.
    static char* written(double value, std::array<char, 32>& digits) {
        constexpr double exact = 9007199254740992;  // 2^53
        const auto end = digits.data() + digits.size();
        if (std::abs(value) < exact && value == std::trunc(value)) {
            return std::to_chars(digits.data(), end, static_cast<std::int64_t>(value)).ptr;
        }
        return std::to_chars(digits.data(), end, value).ptr;
    }

    void label(char opening, std::string_view name) {
        out_ += opening;
        out_ += name;
        out_ += "=\"";
    }

    // `bound`: the upper bound of a histogram's bucket, written as its label `le`.
    void sample(std::string_view name,
                std::string_view suffix,
                const prometheus::ClientMetric& metric,
                double value,
                const double* bound = nullptr) {
        out_ += name;
        out_ += suffix;
        char opening = '{';
        for (const auto& [label_name, label_value] : metric.label) {
            label(opening, label_name);
            escape(label_value, true);
            out_ += '"';
            opening = ',';
        }
        if (bound != nullptr) {
            label(opening, "le");
            upper_bound(*bound);
            out_ += '"';
            opening = ',';
        }
        out_ += opening == '{' ? " " : "} ";
        number(value);
        out_ += '\n';
    }

    // OpenMetrics wants a bound to look like a float: "10.0".
    void upper_bound(double bound) {
        const auto before = out_.size();
        number(bound);
        const bool whole = out_.find_first_of(".eI", before) == std::string::npos;
        if (format_ == Format::openmetrics && whole) {
            out_ += ".0";
        }
    }

    void histogram(std::string_view name, const prometheus::ClientMetric& metric) {
        for (const auto& bucket : metric.histogram.bucket) {
            sample(name,
                   "_bucket",
                   metric,
                   static_cast<double>(bucket.cumulative_count),
                   &bucket.upper_bound);
        }
        sample(name, "_sum", metric, metric.histogram.sample_sum);
        sample(name, "_count", metric, static_cast<double>(metric.histogram.sample_count));
    }

    Format format_;
    std::string out_;
};

}  // namespace

std::string expose(const std::vector<prometheus::MetricFamily>& families, Format format) {
    Writer writer{format};
    for (const auto& family : families) {
        writer.write(family);
    }
    return std::move(writer).take();
}

}  // namespace paws::exporter
