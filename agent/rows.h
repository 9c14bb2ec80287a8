// Rows: values of a row of the database, one after the other.

#pragma once

#include "core/job.h"
#include "core/time.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

namespace paws::agent::rows {

inline std::int64_t nanoseconds(WallTime time) {
    return time.time_since_epoch().count();
}
inline WallTime moment(const SQLite::Column& column) {
    return WallTime{std::chrono::nanoseconds{column.getInt64()}};
}

// SQLite's integers have a sign; what is beyond them is no count of ours.
inline std::int64_t whole(std::uint64_t number) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
}

// Binds one value after the other.
class Binder {
public:
    explicit Binder(SQLite::Statement& statement) : statement_{statement} {}

    void text(const std::string& value) { statement_.bind(++at_, value); }
    void time(WallTime value) { statement_.bind(++at_, nanoseconds(value)); }
    void number(const std::optional<double>& value) {
        value ? statement_.bind(++at_, *value) : statement_.bind(++at_);
    }
    void number(const std::optional<std::uint64_t>& value) {
        value ? statement_.bind(++at_, whole(*value)) : statement_.bind(++at_);
    }
    template <class Word>
    void word(const std::optional<Word>& value) {
        value ? statement_.bind(++at_, std::string{to_string(*value)}) : statement_.bind(++at_);
    }
    void nothing() { statement_.bind(++at_); }

private:
    SQLite::Statement& statement_;
    int at_ = 0;
};

// Reads one value after the other.
class Reader {
public:
    explicit Reader(SQLite::Statement& statement) : statement_{statement} {}

    std::string text() { return next().getString(); }
    WallTime time() { return moment(next()); }
    std::optional<double> number() {
        const auto column = next();
        return column.isNull() ? std::nullopt : std::optional{column.getDouble()};
    }
    std::optional<std::uint64_t> count() {
        const auto column = next();
        return column.isNull() ? std::nullopt
                               : std::optional{static_cast<std::uint64_t>(column.getInt64())};
    }
    template <class Words>
    std::optional<typename Words::value_type> word(const Words& words) {
        const auto written = text();
        const auto* const found =
            std::ranges::find_if(words, [&](auto each) { return to_string(each) == written; });
        return found == words.end() ? std::nullopt : std::optional{*found};
    }

private:
    SQLite::Column next() { return statement_.getColumn(at_++); }

    SQLite::Statement& statement_;
    int at_ = 0;
};

// What was measured of a job: eight columns, from cpu_seconds to connect_errors.
inline void bind_measured(Binder& bind, const JobUsage& usage) {
    bind.number(usage.cpu_seconds);
    bind.number(usage.memory_peak_bytes);
    bind.number(usage.oom_kills);
    bind.number(usage.cpu_stall_seconds);
    bind.number(usage.memory_stall_seconds);
    bind.number(usage.io_stall_seconds);
    bind.number(usage.disk_low_bytes);
    bind.number(usage.connect_errors);
}

inline JobUsage read_measured(Reader& read) {
    JobUsage usage;
    usage.cpu_seconds = read.number();
    usage.memory_peak_bytes = read.count();
    usage.oom_kills = read.count();
    usage.cpu_stall_seconds = read.number();
    usage.memory_stall_seconds = read.number();
    usage.io_stall_seconds = read.number();
    usage.disk_low_bytes = read.count();
    usage.connect_errors = read.count();
    return usage;
}

}  // namespace paws::agent::rows
