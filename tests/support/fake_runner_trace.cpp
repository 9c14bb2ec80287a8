#include "tests/support/fake_runner_trace.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <iomanip>
#include <sstream>

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace paws::fake {

namespace {

std::string json_string(std::string_view text) {
    std::string shown = "\"";
    for (const char c : text) {
        std::array<char, 8> escape{};
        if (static_cast<unsigned char>(c) < 0x20) {
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
            shown += escape.data();
            continue;
        }
        shown += c == '"' || c == '\\' ? "\\" : "";
        shown += c;
    }
    return shown + "\"";
}

// One entry of contextData.github, a dictionary that is written as a list.
std::string entry(std::string_view key, std::string_view value) {
    return "        {\n          \"k\": " + json_string(key) +
           ",\n          \"v\": " + json_string(value) + "\n        }";
}

}  // namespace

std::string utc(const char* format) {
    const auto now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::ostringstream text;
    text << std::put_time(&parts, format);
    return text.str();
}

Trace::Trace(const std::filesystem::path& root, std::string_view kind) {
    const auto name = std::string{kind} + "_" + utc("%Y%m%d-%H%M%S") + "-utc.log";
    fd_ = ::open((root / "_diag" / name).c_str(),
                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                 0644);
}

Trace::~Trace() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void Trace::write(std::string_view component, std::string_view text, std::string_view level) const {
    const auto record = "[" + utc("%Y-%m-%d %H:%M:%SZ") + " " + std::string{level} + " " +
                        std::string{component} + "] " + std::string{text} + "\n";
    // A full disk costs lines of the trace, and the runner goes on.
    [[maybe_unused]] const auto written = ::write(fd_, record.data(), record.size());
}

std::string new_guid() {
    std::array<unsigned char, 16> bytes{};
    [[maybe_unused]] const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
    std::string guid;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::array<char, 4> pair{};
        std::snprintf(pair.data(), pair.size(), "%02x", bytes.at(at));
        guid += at == 4 || at == 6 || at == 8 || at == 10 ? "-" : "";
        guid += pair.data();
    }
    return guid;
}

std::string to_json(const JobMessage& message) {
    return "{\n  \"messageType\": \"RunnerJobRequest\",\n  \"plan\": {\n    \"scopeIdentifier\": "
           "\"00000000-0000-0000-0000-000000000000\",\n    \"planType\": \"actions\",\n    "
           "\"planId\": " +
           json_string(message.plan) +
           "\n  },\n  \"timeline\": {\n    \"id\": " + json_string(message.plan) +
           "\n  },\n  \"jobId\": " + json_string(message.job) +
           ",\n  \"jobDisplayName\": " + json_string(message.name) +
           ",\n  \"jobName\": \"__default\",\n  \"requestId\": 0,\n  \"mask\": [\n    {\n      "
           "\"type\": \"regex\",\n      \"value\": \"***\"\n    }\n  ],\n  \"variables\": {\n    "
           "\"system.github.job\": {\n      \"value\": \"build\"\n    },\n    "
           "\"system.github.token\": {\n      \"value\": \"***\",\n      \"isSecret\": true\n    "
           "}\n  },\n  \"contextData\": {\n    \"github\": {\n      \"t\": 2,\n      \"d\": [\n" +
           entry("repository", message.repository) + ",\n" + entry("run_id", message.run_id) +
           ",\n" + entry("run_number", "7") + ",\n" + entry("run_attempt", message.run_attempt) +
           ",\n" + entry("workflow", message.workflow) + ",\n" + entry("actor", "octocat") + ",\n" +
           entry("ref", "refs/heads/main") + ",\n" +
           entry("sha", "0123456789abcdef0123456789abcdef01234567") + "\n      ]\n    }\n  }\n}";
}

}  // namespace paws::fake
