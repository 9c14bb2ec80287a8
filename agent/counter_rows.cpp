#include "agent/counter_rows.h"

#include "core/names.h"
#include "core/text.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

namespace paws::agent {

namespace {

constexpr std::string_view above_all = "inf";

std::string label_of_bucket(std::size_t bucket) {
    return bucket < job_duration_bounds_seconds.size()
               ? std::to_string(std::lround(job_duration_bounds_seconds.at(bucket)))
               : std::string{above_all};
}

// A bound that is no more counts with the next above it.
std::size_t bucket_of(const std::string& label) {
    const auto bound = parse_decimal(label);
    const auto* const found = bound ? std::ranges::lower_bound(job_duration_bounds_seconds, *bound)
                                    : job_duration_bounds_seconds.end();
    return static_cast<std::size_t>(found - job_duration_bounds_seconds.begin());
}

template <class Words>
void add_words(std::vector<CounterRow>& rows,
               const char* counter,
               const std::map<Words, std::uint64_t>& counts) {
    for (const auto& [word, count] : counts) {
        rows.push_back({counter, std::string{to_string(word)}, static_cast<double>(count)});
    }
}

template <class Word>
void take_word(std::map<Word, std::uint64_t>& counts,
               std::span<const Word> words,
               const CounterRow& row) {
    const auto known =
        std::ranges::find_if(words, [&](Word word) { return to_string(word) == row.label; });
    if (known != words.end()) {
        counts[*known] += static_cast<std::uint64_t>(row.value);
    }
}

void take(RunnerCounters& counters, const CounterRow& row) {
    const auto count = static_cast<std::uint64_t>(row.value);
    if (row.counter == "jobs") {
        take_word(counters.jobs, std::span<const JobResult>{job_results}, row);
    } else if (row.counter == "lost") {
        take_word(counters.lost, std::span<const LostReason>{lost_reasons}, row);
    } else if (row.counter == "job_durations") {
        counters.job_durations.at(bucket_of(row.label)) += count;
    } else if (row.counter == "job_duration_sum_seconds") {
        counters.job_duration_sum_seconds = row.value;
    } else if (row.counter == "connect_errors") {
        counters.connect_errors = count;
    } else if (row.counter == "listener_exits") {
        counters.listener_exits[row.label] = count;
    }
}

}  // namespace

std::vector<CounterRow> rows_of(const RunnerCounters& counters) {
    std::vector<CounterRow> rows;
    add_words(rows, "jobs", counters.jobs);
    add_words(rows, "lost", counters.lost);
    for (std::size_t bucket = 0; bucket < counters.job_durations.size(); ++bucket) {
        rows.push_back({"job_durations",
                        label_of_bucket(bucket),
                        static_cast<double>(counters.job_durations.at(bucket))});
    }
    rows.push_back({"job_duration_sum_seconds", "", counters.job_duration_sum_seconds});
    rows.push_back({"connect_errors", "", static_cast<double>(counters.connect_errors)});
    for (const auto& [code, count] : counters.listener_exits) {
        rows.push_back({"listener_exits", code, static_cast<double>(count)});
    }
    return rows;
}

RunnerCounters counters_of(const std::vector<CounterRow>& rows) {
    RunnerCounters counters;
    for (const auto& row : rows) {
        if (row.value >= 0) {
            take(counters, row);
        }
    }
    return counters;
}

}  // namespace paws::agent
