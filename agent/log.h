// Log: the daemon's own words, on stderr: with priorities for the journal, with the time for
// people. Only agent/ logs. May be used from any thread.

#pragma once

#include "agent/config.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace paws::agent {

struct Field {
    std::string_view key;
    std::string value;
};

// `message key=value key="two words"`; what others wrote is made printable. Pure.
std::string line_of(std::string_view message, std::initializer_list<Field> fields);

class Log {
public:
    enum class Reader { journal, people };

    Log(Reader reader, LogLevel level);
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    Log(Log&&) = delete;
    Log& operator=(Log&&) = delete;
    ~Log();

    void set_level(LogLevel level);

    void debug(std::string_view message, std::initializer_list<Field> fields = {});
    void info(std::string_view message, std::initializer_list<Field> fields = {});
    void warning(std::string_view message, std::initializer_list<Field> fields = {});
    void error(std::string_view message, std::initializer_list<Field> fields = {});

private:
    std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace paws::agent
