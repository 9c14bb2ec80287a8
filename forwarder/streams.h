// Streams: the label sets that lines are filed under in Loki, each by a small number. There are
// few: what is beyond the bound goes into one stream of its source and level. One thread.

#pragma once

#include "forwarder/level.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace paws::forwarder {

using StreamId = std::uint32_t;
using Labels = std::map<std::string, std::string>;

// `{host="build-01", job="journal"}`, as Loki's push API takes it.
std::string label_text(const Labels& labels);

// What all lines of a kind have in common: a unit of the journal, or a runner's traces.
struct Origin {
    std::string job;     // "journal", "runner-diag"
    std::string unit;    // empty: none
    std::string runner;  // empty: not a runner's

    bool operator==(const Origin&) const = default;
};

class Streams {
public:
    // `common` are on every line: host, environment and those of the operator.
    // Of a runner those of the journal and of its traces count as two.
    explicit Streams(Labels common, std::size_t most = 500, std::size_t most_of_runners = 400)
        : common_{std::move(common)}, left_{most}, left_for_runners_{most_of_runners} {}

    struct Place {
        StreamId first = 0;    // of the streams of each level, see at_level()
        bool crowded = false;  // shared with others: each line has to tell its unit and runner
    };
    Place of(const Origin& origin);
    static StreamId at_level(StreamId first, Level level) {
        return first + static_cast<StreamId>(level);
    }

    const std::string& labels(StreamId stream) const { return labels_.at(stream); }
    std::size_t count() const { return labels_.size(); }

private:
    StreamId add(const Origin& origin);

    Labels common_;
    std::size_t left_;
    std::size_t left_for_runners_;
    std::vector<std::string> labels_;  // by number
    std::unordered_map<std::string, StreamId> known_;
};

}  // namespace paws::forwarder
