#include "agent/log_rows.h"

#include "agent/rows.h"

#include <algorithm>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

namespace paws::agent {

namespace {

using forwarder::Position;
using forwarder::Progress;
using rows::nanoseconds;
using rows::whole;

constexpr int quarantined_kept = 1'000;

void bind_moment(SQLite::Statement& statement, int at, const std::optional<WallTime>& moment) {
    moment ? statement.bind(at, nanoseconds(*moment)) : statement.bind(at);
}

std::optional<WallTime> moment_or_none(const SQLite::Column& column) {
    return column.isNull() ? std::nullopt : std::optional{rows::moment(column)};
}

void save_place(SQLite::Database& database, const Position& position) {
    SQLite::Statement save{database, "INSERT OR REPLACE INTO log_place VALUES(1, ?, ?, ?)"};
    save.bind(1, position.cursor);
    bind_moment(save, 2, position.read);
    bind_moment(save, 3, position.began);
    save.exec();
}

void save_open_keys(SQLite::Database& database, const Position& position) {
    database.exec("DELETE FROM log_keys");
    SQLite::Statement save{database, "INSERT INTO log_keys VALUES(?, ?)"};
    for (const auto& [writer, key] : position.open_keys) {
        save.bind(1, writer);
        save.bind(2, key.lines_left);
        save.exec();
        save.reset();
    }
}

void load_traces(SQLite::Database& database, Position& position) {
    SQLite::Statement traces{database, "SELECT runner, done_to FROM log_traces"};
    while (traces.executeStep()) {
        position.traces[traces.getColumn(0).getString()].done_to = traces.getColumn(1).getString();
    }
    SQLite::Statement files{database, "SELECT runner, name, inode, offset FROM log_files"};
    while (files.executeStep()) {
        auto& runner = position.traces[files.getColumn(0).getString()];
        runner.files[files.getColumn(1).getString()] = {
            .inode = static_cast<std::uint64_t>(files.getColumn(2).getInt64()),
            .offset = static_cast<std::uint64_t>(files.getColumn(3).getInt64())};
    }
}

void remove_traces(SQLite::Database& database, const std::string& runner) {
    for (const auto* sql :
         {"DELETE FROM log_traces WHERE runner = ?", "DELETE FROM log_files WHERE runner = ?"}) {
        SQLite::Statement remove{database, sql};
        remove.bind(1, runner);
        remove.exec();
    }
}

void add_traces(SQLite::Database& database,
                const std::string& runner,
                const forwarder::TracePositions& traces) {
    SQLite::Statement save{database, "INSERT INTO log_traces VALUES(?, ?)"};
    save.bind(1, runner);
    save.bind(2, traces.done_to);
    save.exec();
    SQLite::Statement save_file{database, "INSERT INTO log_files VALUES(?, ?, ?, ?)"};
    for (const auto& [name, file] : traces.files) {
        save_file.bind(1, runner);
        save_file.bind(2, name);
        // Some file systems number beyond SQLite's integers: the bits are kept.
        save_file.bind(3, static_cast<std::int64_t>(file.inode));
        save_file.bind(4, whole(file.offset));
        save_file.exec();
        save_file.reset();
    }
}

// Most runners have written nothing since the last time: reading is cheaper than writing.
void save_traces(SQLite::Database& database, const Position& position) {
    Position before;
    load_traces(database, before);
    for (const auto& [runner, traces] : before.traces) {
        const auto now = position.traces.find(runner);
        if (now == position.traces.end() || now->second != traces) {
            remove_traces(database, runner);
        }
    }
    for (const auto& [runner, traces] : position.traces) {
        const auto then = before.traces.find(runner);
        if (then == before.traces.end() || then->second != traces) {
            add_traces(database, runner, traces);
        }
    }
}

class CounterSaver {
public:
    explicit CounterSaver(SQLite::Database& database)
        : save_{database, "INSERT OR REPLACE INTO log_counters VALUES(?, ?, ?)"} {}

    void save(const char* counter, std::string_view label, std::uint64_t value) {
        save_.bind(1, counter);
        save_.bind(2, std::string{label});
        save_.bind(3, whole(value));
        save_.exec();
        save_.reset();
    }

private:
    SQLite::Statement save_;
};

void save_counts(SQLite::Database& database, const LogCounts& counts) {
    CounterSaver saver{database};
    for (const auto& [source, count] : counts.read) {
        saver.save("read", to_string(source), count);
    }
    for (const auto& [loss, count] : counts.lost) {
        saver.save("lost", to_string(loss), count);
    }
    for (const auto& [rule, count] : counts.redactions) {
        saver.save("redactions", rule, count);
    }
    saver.save("sent", "", counts.sent);
    saver.save("sent_bytes", "", counts.sent_bytes);
    saver.save("quarantined", "", counts.quarantined);
    saver.save("gaps", "", counts.gaps);
}

template <class Word, class Words>
void take_word(std::map<Word, std::uint64_t>& counts,
               const Words& words,
               const std::string& label,
               std::uint64_t value) {
    const auto* const known =
        std::ranges::find_if(words, [&](Word word) { return to_string(word) == label; });
    if (known != words.end()) {
        counts[*known] = value;
    }
}

void take_count(LogCounts& counts,
                const std::string& counter,
                const std::string& label,
                std::uint64_t value) {
    if (counter == "read") {
        take_word(counts.read, log_sources, label, value);
    } else if (counter == "lost") {
        take_word(counts.lost, log_losses, label, value);
    } else if (counter == "redactions") {
        counts.redactions[label] = value;
    } else if (counter == "sent") {
        counts.sent = value;
    } else if (counter == "sent_bytes") {
        counts.sent_bytes = value;
    } else if (counter == "quarantined") {
        counts.quarantined = value;
    } else if (counter == "gaps") {
        counts.gaps = value;
    }
}

void quarantine(SQLite::Database& database, const std::vector<QuarantinedLine>& lines) {
    if (lines.empty()) {
        return;
    }
    SQLite::Statement save{
        database, "INSERT INTO log_quarantine(at, labels, line, reason) VALUES(?, ?, ?, ?)"};
    for (const auto& line : lines) {
        save.bind(1, nanoseconds(line.at));
        save.bind(2, line.labels);
        save.bind(3, line.line);
        save.bind(4, line.reason);
        save.exec();
        save.reset();
    }
    SQLite::Statement forget{database,
                             "DELETE FROM log_quarantine WHERE id <= "
                             "(SELECT max(id) FROM log_quarantine) - ?"};
    forget.bind(1, quarantined_kept);
    forget.exec();
}

LogCounts load_counts(SQLite::Database& database) {
    LogCounts counts;
    SQLite::Statement select{database, "SELECT counter, label, value FROM log_counters"};
    while (select.executeStep()) {
        take_count(counts,
                   select.getColumn(0).getString(),
                   select.getColumn(1).getString(),
                   static_cast<std::uint64_t>(select.getColumn(2).getInt64()));
    }
    return counts;
}

}  // namespace

void save_logs(SQLite::Database& database, const LogSave& save) {
    save_place(database, save.progress.position);
    save_open_keys(database, save.progress.position);
    save_traces(database, save.progress.position);
    save_counts(database, save.progress.counts);
    quarantine(database, save.quarantined);
}

std::optional<Progress> load_log_progress(SQLite::Database& database) {
    SQLite::Statement place{database, "SELECT cursor, read, began FROM log_place"};
    if (!place.executeStep()) {
        return std::nullopt;
    }
    Progress progress;
    auto& position = progress.position;
    position.cursor = place.getColumn(0).getString();
    position.read = moment_or_none(place.getColumn(1));
    position.began = moment_or_none(place.getColumn(2));
    SQLite::Statement keys{database, "SELECT writer, lines_left FROM log_keys"};
    while (keys.executeStep()) {
        position.open_keys[keys.getColumn(0).getString()].lines_left =
            static_cast<std::uint32_t>(keys.getColumn(1).getInt64());
    }
    load_traces(database, position);
    progress.counts = load_counts(database);
    return progress;
}

std::vector<QuarantinedLine> load_quarantined(SQLite::Database& database, int most) {
    std::vector<QuarantinedLine> lines;
    SQLite::Statement select{
        database, "SELECT at, labels, line, reason FROM log_quarantine ORDER BY id DESC LIMIT ?"};
    select.bind(1, most);
    while (select.executeStep()) {
        lines.push_back({.at = rows::moment(select.getColumn(0)),
                         .labels = select.getColumn(1).getString(),
                         .line = select.getColumn(2).getString(),
                         .reason = select.getColumn(3).getString()});
    }
    std::ranges::reverse(lines);
    return lines;
}

}  // namespace paws::agent
