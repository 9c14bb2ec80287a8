// PushReader: what is in the body of a push, read by hand, as Loki would read it.

#pragma once

#include "core/time.h"

#include <algorithm>
#include <compare>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <protozero/pbf_reader.hpp>
#include <snappy.h>

namespace paws::forwarder::pushed {

using Metadata = std::vector<std::pair<std::string, std::string>>;

struct Line {
    WallTime at;
    std::string text;
    Metadata metadata;

    auto operator<=>(const Line&) const = default;
};

struct Stream {
    std::string labels;
    std::vector<Line> lines;
};

inline std::pair<std::string, std::string> read_pair(protozero::pbf_reader pair) {
    std::pair<std::string, std::string> read;
    while (pair.next()) {
        REQUIRE((pair.tag() == 1 || pair.tag() == 2));
        auto& part = pair.tag() == 1 ? read.first : read.second;  // what is read has no tag
        part = pair.get_string();
    }
    return read;
}

inline WallTime read_time(protozero::pbf_reader stamp) {
    WallTime at{};
    while (stamp.next()) {
        REQUIRE((stamp.tag() == 1 || stamp.tag() == 2));
        if (stamp.tag() == 1) {
            at += std::chrono::seconds{stamp.get_int64()};
        } else {
            const auto nanos = stamp.get_int32();
            CHECK((nanos >= 0 && nanos < 1'000'000'000));  // timestamp.proto
            at += std::chrono::nanoseconds{nanos};
        }
    }
    return at;
}

inline Line read_line(protozero::pbf_reader entry) {
    Line line;
    while (entry.next()) {
        switch (entry.tag()) {
            case 1:
                line.at = read_time(entry.get_message());
                break;
            case 2:
                line.text = entry.get_string();
                break;
            case 3:
                line.metadata.push_back(read_pair(entry.get_message()));
                break;
            default:
                FAIL("an unknown field of an entry: ", entry.tag());
        }
    }
    return line;
}

inline std::vector<Stream> read(const std::string& body) {
    std::string request;
    REQUIRE(snappy::Uncompress(body.data(), body.size(), &request));
    std::vector<Stream> streams;
    protozero::pbf_reader top{request};
    while (top.next()) {
        REQUIRE(top.tag() == 1);
        auto& stream = streams.emplace_back();
        auto fields = top.get_message();
        while (fields.next()) {
            if (fields.tag() == 1) {
                stream.labels = fields.get_string();
            } else {
                REQUIRE(fields.tag() == 2);
                stream.lines.push_back(read_line(fields.get_message()));
            }
        }
    }
    return streams;
}

}  // namespace paws::forwarder::pushed
