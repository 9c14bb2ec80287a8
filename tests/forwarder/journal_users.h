// UsersRig: a journal of three users, with a file of each, whose entries are numbered together.

#pragma once

#include "tests/forwarder/journal_rig.h"

#include <array>
#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace paws::forwarder {

inline const std::array<std::string, 3> files_of_users{
    "system.journal", "user-1000.journal", "user-1001.journal"};

struct Logged {
    int number;
    WallTime at;
};

struct Wild {
    std::string file;
    std::size_t entry;
};

struct UsersRig : JournalRig {
    std::map<std::string, std::vector<Logged>> logged;  // by file
    std::string newest;                                 // the file that was logged to last
    int last = 0;
    WallTime moment = eight;
    JournalWriter::Fields fields;  // of each line
    bool zeros = false;            // behind its text

    void log(int lines, const std::string& to) {
        if (!newest.empty() && newest != to) {
            number_on(to, newest);
        }
        newest = to;
        for (; lines > 0; --lines) {
            logged[to].push_back({.number = ++last, .at = moment});
            fields["MESSAGE"] = std::to_string(last) + std::string(zeros ? 1 : 0, '\0');
            writer.add(moment, fields);
            moment += step;
        }
        moment += 1ms;  // no two files have lines of one moment
        writer.commit(to);
    }
    // Some have lines of one moment, as a program has that prints several at once.
    void log_by_turns(std::mt19937& random, int turns, int most_lines = 12) {
        for (int turn = 0; turn < turns; ++turn) {
            step = random() % 4 == 0 ? 0ms : 1s;
            const auto lines = 1 + static_cast<int>(random() % static_cast<unsigned>(most_lines));
            log(lines, files_of_users.at(random() % 3));
        }
    }
    // All but those that a wild number of their own moment hides.
    std::set<int> all_but_the_moment_of(const Wild& wild) {
        auto all = from_to(1, last);
        const auto& wild_line = logged[wild.file].at(wild.entry);
        for (const auto& line : logged[wild.file]) {
            if (line.at == wild_line.at && line.number > wild_line.number) {
                all.erase(line.number);
            }
        }
        return all;
    }
};

}  // namespace paws::forwarder
