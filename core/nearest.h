// Nearest: the word that was probably meant.

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws {

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
// (optimal string alignment; three rows of its table are enough).
inline std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before;
    std::vector<std::size_t> above(right.size() + 1);
    for (std::size_t column = 0; column <= right.size(); ++column) {
        above[column] = column;
    }
    for (std::size_t row = 1; row <= left.size(); ++row) {
        std::vector<std::size_t> current(right.size() + 1, row);
        for (std::size_t column = 1; column <= right.size(); ++column) {
            const bool same = left[row - 1] == right[column - 1];
            current[column] = std::min(
                {above[column] + 1, current[column - 1] + 1, above[column - 1] + (same ? 0 : 1)});
            if (row > 1 && column > 1 && left[row - 1] == right[column - 2] &&
                left[row - 2] == right[column - 1]) {
                current[column] = std::min(current[column], before[column - 2] + 1);
            }
        }
        before = std::move(above);
        above = std::move(current);
    }
    return above.back();
}

// The candidate nearest to `word`, if it is near enough to have been meant; else one that `word`
// is the beginning of.
inline std::optional<std::string> nearest(std::string_view word,
                                          const std::vector<std::string>& candidates) {
    static constexpr std::size_t longest_word = 64;
    if (word.size() > longest_word) {
        return std::nullopt;
    }
    const std::size_t allowed = word.size() < 4 ? 1 : word.size() < 8 ? 2 : 3;
    std::optional<std::string> best;
    std::size_t best_distance = allowed + 1;
    for (const auto& candidate : candidates) {
        if (candidate.size() > longest_word + allowed) {
            continue;
        }
        const auto distance = edit_distance(word, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    const auto longer = std::ranges::find_if(
        candidates, [&](const std::string& candidate) { return candidate.starts_with(word); });
    const bool begins = !best && word.size() >= 3 && longer != candidates.end();
    return begins ? std::optional{*longer} : best;
}

// "; did you mean 'listen'?" or nothing.
inline std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
    const auto meant = nearest(word, candidates);
    return meant ? "; did you mean '" + *meant + "'?" : "";
}

}  // namespace paws
