// TraceRig: a trace reader on files that a test writes.

#pragma once

#include "forwarder/trace_reader.h"
#include "tests/support/temporary_directory.h"

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace paws::forwarder {

using namespace std::chrono_literals;

inline constexpr WallTime began{std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h};

using Texts = std::vector<std::string>;

inline std::string record(const std::string& text) {
    return "[2026-01-02 03:04:05Z INFO Test] " + text + "\n";
}

// "Worker_20260102-040000-utc.log", so many seconds after four o'clock.
inline std::string trace_name(int seconds, const std::string& kind = "Worker_") {
    const auto two = [](int number) {
        return std::string(number < 10 ? 1 : 0, '0') + std::to_string(number);
    };
    return kind + "20260102-" + two(4 + seconds / 3600) + two(seconds / 60 % 60) +
           two(seconds % 60) + "-utc.log";
}

struct TraceRig {
    TemporaryDirectory directory;
    std::filesystem::path diag = directory.path() / "_diag";
    std::optional<TraceReader> reader;
    std::optional<TracePositions> positions;
    WallTime began = forwarder::began;
    WallTime now = began + 2h;
    std::string error;
    bool more = false;

    explicit TraceRig(TraceBounds bounds = {}) {
        std::filesystem::create_directory(diag);
        restart(bounds);
    }

    void restart(TraceBounds bounds = {}) {
        reader.emplace(platform::RootFs::open("/").value(),
                       TraceReader::Subject{.runner = "a", .root = directory.path()},
                       bounds);
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream{diag / name, std::ios::binary | std::ios::app} << text;
    }
    std::vector<TraceLine> read_lines() {
        auto read = reader->read(positions, began, now);
        positions = read.positions;
        error = read.error;
        more = read.more;
        return read.lines;
    }
    // Without the heads.
    Texts read() {
        Texts texts;
        for (const auto& line : read_lines()) {
            const auto head = parse_trace_head(line.text);
            texts.push_back(line.text.substr(head ? head->size : 0));
        }
        return texts;
    }
    // A look and, since the last record may grow, another.
    Texts read_twice() {
        auto texts = read();
        const auto rest = read();
        texts.insert(texts.end(), rest.begin(), rest.end());
        return texts;
    }
};

}  // namespace paws::forwarder
