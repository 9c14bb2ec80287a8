#include "tests/support/journal_writer.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

namespace paws {

namespace {

using namespace std::chrono_literals;

constexpr const char* program = "/lib/systemd/systemd-journal-remote";

void run_remote(const std::string& output, const std::string& input, const char* layout) {
    std::string name{program};
    std::string option = "--output=" + output;
    std::string stdin_name = "-";
    std::string environment{layout};
    std::array<char*, 4> arguments{name.data(), option.data(), stdin_name.data(), nullptr};
    std::array<char*, 2> variables{environment.data(), nullptr};
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int spawned =
        ::posix_spawn(&child, program, &actions, nullptr, arguments.data(), variables.data());
    posix_spawn_file_actions_destroy(&actions);
    int status = 1;
    if (spawned != 0 || ::waitpid(child, &status, 0) != child || status != 0) {
        throw std::runtime_error{
            "systemd-journal-remote failed; is the package of this name installed?"};
    }
}

// The binary form of a field takes any bytes, and at least one.
void append_field(std::string& text, const std::string& name, const std::string& value) {
    if (value.empty()) {
        text += name + "=\n";
        return;
    }
    text += name + "\n";
    for (unsigned shift = 0; shift < 64; shift += 8) {
        text += static_cast<char>((std::uint64_t{value.size()} >> shift) & 0xFFU);
    }
    text += value + "\n";
}

}  // namespace

JournalWriter::JournalWriter(std::filesystem::path directory, Layout layout)
    : directory_{std::move(directory)}, layout_{layout} {
    std::filesystem::create_directories(directory_);
}

void JournalWriter::add(WallTime at, const Fields& fields) {
    const auto since_epoch =
        std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch());
    text_ += "__REALTIME_TIMESTAMP=" + std::to_string(since_epoch.count()) + "\n";
    // Both clocks go on alike, unless the one of the wall is set.
    const auto passed = since_epoch - last_.value_or(since_epoch);
    monotonic_ += passed >= 0us && passed <= 1h ? passed : 1us;
    last_ = since_epoch;
    text_ += "__MONOTONIC_TIMESTAMP=" + std::to_string(monotonic_.count()) + "\n";
    text_ += "_BOOT_ID=" + std::string{boot_} + "123456789abcdef0123456789abcdef\n";
    for (const auto& [name, value] : fields) {
        append_field(text_, name, value);
    }
    text_ += "\n";
}

void JournalWriter::reboot() {
    ++boot_;
    monotonic_ = 1s;
    last_.reset();
}

void JournalWriter::commit(const std::string& name) {
    const auto input = directory_ / "entries.export";
    std::ofstream{input, std::ios::binary} << text_;
    text_.clear();
    run_remote(
        directory_ / name,
        input,
        layout_ == Layout::compact ? "SYSTEMD_JOURNAL_COMPACT=1" : "SYSTEMD_JOURNAL_COMPACT=0");
    std::filesystem::remove(input);
}

void RunnerJournal::say(WallTime at, std::string_view line, const JournalWriter::Fields& other) {
    JournalWriter::Fields fields{{"MESSAGE", std::string{line}},
                                 {"_SYSTEMD_UNIT", unit_},
                                 {"_SYSTEMD_INVOCATION_ID", invocation_},
                                 {"_TRANSPORT", "stdout"},
                                 {"_STREAM_ID", invocation_},
                                 {"_PID", "1203"},
                                 {"_UID", "1000"}};
    for (const auto& [name, value] : other) {
        fields[name] = value;
    }
    std::erase_if(fields, [](const auto& field) { return field.second.empty(); });
    writer_.add(at, fields);
}

}  // namespace paws
