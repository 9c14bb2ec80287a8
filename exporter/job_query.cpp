#include "exporter/job_query.h"

#include "core/duration.h"
#include "core/names.h"
#include "core/text.h"

#include <algorithm>

namespace paws::exporter {

namespace {

Error malformed(std::string what) {
    return {Errc::malformed, std::move(what)};
}

std::optional<JobResult> parse_result(const std::string& word) {
    const auto* const found = std::ranges::find_if(
        job_results, [&](JobResult result) { return to_string(result) == word; });
    return found == job_results.end() ? std::nullopt : std::optional{*found};
}

std::string result_words() {
    std::string words;
    for (const auto result : job_results) {
        words += (words.empty() ? "" : ", ") + std::string{to_string(result)};
    }
    return words;
}

Result<void> take(JobQuery& query, const std::string& key, const std::string& word, WallTime now) {
    if (key == "runner") {
        query.runner = word;
    } else if (key == "result") {
        query.result = parse_result(word);
        if (!query.result) {
            return malformed("'" + printable(word) + "' is no result; there are " + result_words());
        }
    } else if (key == "since") {
        const auto span = parse_duration(word);
        if (!span) {
            return malformed("'" + printable(word) + "' is no time span; write 30m, 24h or 7d");
        }
        query.since = now - *span;
    } else if (key == "run") {
        query.run_id = parse_integer<std::uint64_t>(word);
        if (!query.run_id) {
            return malformed("'" + printable(word) +
                             "' is no run: its number stands in GitHub's address");
        }
    } else if (key == "limit") {
        const auto limit = parse_integer<std::size_t>(word);
        if (!limit || *limit == 0 || *limit > job_query_limit) {
            return malformed("'limit' is a number from 1 to " + std::to_string(job_query_limit));
        }
        query.limit = *limit;
    } else {
        return malformed("'" + printable(key) +
                         "' is not known here; there are runner, result, since, run, limit");
    }
    return {};
}

std::optional<std::string> decode(std::string_view text) {
    std::string decoded;
    while (!text.empty()) {
        if (text.front() != '%') {
            decoded += text.front();
            text.remove_prefix(1);
            continue;
        }
        const auto byte = parse_integer<unsigned>(text.substr(1, 2), 16);
        if (text.size() < 3 || !byte) {
            return std::nullopt;
        }
        decoded += static_cast<char>(*byte);
        text.remove_prefix(3);
    }
    return decoded;
}

}  // namespace

Result<JobQuery> parse_job_query(const std::map<std::string, std::string>& words, WallTime now) {
    JobQuery query;
    for (const auto& [key, word] : words) {
        if (auto taken = take(query, key, word, now); !taken) {
            return taken.error();
        }
    }
    return query;
}

Result<std::map<std::string, std::string>> parse_url_query(std::string_view query) {
    std::map<std::string, std::string> words;
    while (!query.empty()) {
        auto pair = take_until(query, '&');
        const auto key = decode(take_until(pair, '='));
        const auto value = decode(pair);
        if (!key || !value) {
            return malformed("the query has a '%' without two hexadecimal digits");
        }
        if (!words.emplace(*key, *value).second) {
            return malformed("'" + printable(*key) + "' is given twice");
        }
    }
    return words;
}

}  // namespace paws::exporter
