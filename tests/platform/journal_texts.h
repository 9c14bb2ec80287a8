// Reading of a journal in tests: its lines, by their texts.

#pragma once

#include "core/text.h"
#include "platform/sd_journal.h"
#include "tests/support/journal_writer.h"

#include <chrono>
#include <string>
#include <vector>

namespace paws::platform {

using namespace std::chrono_literals;

inline constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};

inline void add(JournalWriter& writer, int number, const std::string& unit = "a.service") {
    writer.add(eight + number * 1s, {{"MESSAGE", std::to_string(number)}, {"_SYSTEMD_UNIT", unit}});
}

inline std::string message(SdJournal& journal) {
    std::string found;
    journal.visit([&](std::string_view field) {
        if (take_until(field, '=') == "MESSAGE") {
            found = field;
        }
    });
    return found;
}

inline std::vector<std::string> rest(SdJournal& journal) {
    std::vector<std::string> found;
    while (journal.next().value()) {
        found.push_back(message(journal));
    }
    return found;
}

using Messages = std::vector<std::string>;

}  // namespace paws::platform
