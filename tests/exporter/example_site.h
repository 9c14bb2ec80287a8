// Sites over the example snapshot (example.h), open or locked.

#pragma once

#include "exporter/site.h"
#include "tests/exporter/example.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace paws::exporter::testing {

// Answers with a job whose name says what was asked.
inline Result<std::vector<RunnerJob>> example_jobs(const JobQuery& query) {
    if (query.limit == 13) {
        return Error{Errc::timeout, "the database does not answer; ask again"};
    }
    RunnerJob ended{.runner = query.runner.value_or("any"), .record = {}};
    ended.record.job.name = std::to_string(query.limit);
    ended.record.job.finished = query.since;
    ended.record.job.result = query.result;
    return std::vector{ended};
}

inline Sources sources_of(const std::shared_ptr<const Snapshot>& snapshot) {
    return {.latest = [=] { return snapshot; },
            .fresh = [=] { return snapshot; },
            .agent = example_agent,
            .jobs = example_jobs,
            .now = [] { return noon; },
            .past_hour = [] { return PastHour{}; }};
}

inline Site example_site() {
    return Site{{}, sources_of(std::make_shared<const Snapshot>(example_snapshot()))};
}

inline Site locked_site(Locks locks) {
    auto sources = sources_of(std::make_shared<const Snapshot>(example_snapshot()));
    sources.tokens = [] {
        return std::make_shared<const Tokens>(Tokens::parse("0123456789abcdef").value());
    };
    return Site{{}, std::move(sources), locks};
}

inline Answer local(Site& site, std::string_view path) {
    return site.answer({.method = "GET", .path = path, .way = Way::loopback});
}

}  // namespace paws::exporter::testing
