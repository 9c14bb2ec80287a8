// Trace: what a program of the runner writes to _diag, in the runner's own format
// (C/HostTraceListener.cs): one file a process, records that a line break continues.

#pragma once

#include "tests/support/fake_runner.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace paws::fake {

class Trace {
public:
    // `kind` is "Runner" or "Worker": _diag/Runner_20260102-030405-utc.log.
    Trace(const std::filesystem::path& root, std::string_view kind);
    Trace(const Trace&) = delete;
    Trace& operator=(const Trace&) = delete;
    ~Trace();

    void write(std::string_view component,
               std::string_view text,
               std::string_view level = "INFO") const;

private:
    int fd_ = -1;
};

// One like GitHub's: "0f8fad5b-d9cb-469f-a165-70867728950e". No two are the same.
std::string new_guid();

// What GitHub's job message says of a job; the worker traces it, with its secrets masked.
struct JobMessage {
    std::string job;   // guid
    std::string plan;  // guid
    std::string name;
    std::string repository;
    std::string workflow;
    std::string run_id;
    std::string run_attempt;
};
std::string to_json(const JobMessage& message);

// "2026-01-02 03:04:05" and the like, UTC (strftime(3)).
std::string utc(const char* format);

}  // namespace paws::fake
