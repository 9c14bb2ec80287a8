#include "agent/meter_rows.h"

#include "agent/rows.h"

namespace paws::agent {

namespace {

using namespace rows;

void bind(SQLite::Statement& statement, const std::string& runner, const JobMeter& meter) {
    const auto& [last, running, ended, resumed] = meter;
    Binder bind{statement};
    bind.text(runner);
    bind.text(running->name);
    bind.time(running->first_line);
    bind.time(last.at);
    bind.number(std::optional{last.cgroup});
    bind.number(last.cpu_seconds);
    bind.number(last.cpu_stall_seconds);
    bind.number(last.memory_stall_seconds);
    bind.number(last.io_stall_seconds);
    bind.number(last.oom_kills);
    bind.number(last.memory_peak_bytes);
    bind.number(last.connect_errors);
    bind_measured(bind, running->usage);
}

JobMeter meter_of(Reader& read) {
    JobMeter meter;
    meter.resumed = true;
    auto& [last, running, ended, resumed] = meter;
    auto& job = running.emplace();
    job.whole = true;
    job.name = read.text();
    job.first_line = read.time();
    last.at = read.time();
    last.cgroup = read.count().value_or(0);
    last.cpu_seconds = read.number();
    last.cpu_stall_seconds = read.number();
    last.memory_stall_seconds = read.number();
    last.io_stall_seconds = read.number();
    last.oom_kills = read.count();
    last.memory_peak_bytes = read.count();
    last.connect_errors = read.count();
    job.usage = read_measured(read);
    return meter;
}

}  // namespace

void replace_meters(SQLite::Database& database, const Meters& meters) {
    database.exec("DELETE FROM meters");
    SQLite::Statement insert{database,
                             "INSERT INTO meters VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
    for (const auto& [runner, meter] : meters) {
        bind(insert, runner, meter);
        insert.exec();
        insert.reset();
    }
}

Meters select_meters(SQLite::Database& database) {
    Meters meters;
    SQLite::Statement select{database, "SELECT * FROM meters"};
    while (select.executeStep()) {
        Reader read{select};
        const auto runner = read.text();
        meters.emplace(runner, meter_of(read));
    }
    return meters;
}

}  // namespace paws::agent
