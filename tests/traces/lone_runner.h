// LoneRunner: a simulated runner in weather that a test has made, without host and agent.

#pragma once

#include "tests/traces/runner.h"
#include "tests/traces/world.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::traces {

struct Said {
    Instant at{};
    std::string text;
};

class LoneRunner {
public:
    LoneRunner(Kind kind,
               std::vector<Episode> episodes,
               std::vector<Fate> fates = {},
               std::uint64_t seed = 1)
        : world_{Weather{std::move(episodes)}, std::chrono::hours{1}},
          runner_{world_, std::move(kind), std::move(fates), Dice{seed, 0}} {}

    // Step by step, so that `look` sees every change.
    template <class Look>
    void run_until(Instant end, Look look) {
        for (auto due = runner_.next(); due <= end; due = runner_.next()) {
            runner_.advance(due);
            collect(due);
            look(due);
        }
    }
    void run_until(Instant end) {
        run_until(end, [](Instant) {});
    }

    SimulatedRunner& runner() { return runner_; }
    const std::vector<Said>& said() const { return said_; }

    // The first line after `from` that holds `text`.
    std::optional<Instant> hears(std::string_view text, Instant from = Instant{0}) const {
        const auto found = std::ranges::find_if(said_, [&](const Said& line) {
            return line.at > from && line.text.find(text) != std::string::npos;
        });
        return found == said_.end() ? std::nullopt : std::optional{found->at};
    }
    std::size_t count(std::string_view text) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            said_, [&](const Said& line) { return line.text.find(text) != std::string::npos; }));
    }

private:
    void collect(Instant at) {
        const auto& visible = runner_.visible();
        if (std::exchange(start_, visible.starts) != visible.starts) {
            read_ = 0;
        }
        for (; read_ < visible.lines.size(); ++read_) {
            said_.push_back({at, visible.lines[read_].text});
        }
    }

    World world_;
    SimulatedRunner runner_;
    std::vector<Said> said_;
    std::uint64_t start_ = 0;
    std::size_t read_ = 0;
};

}  // namespace paws::traces
