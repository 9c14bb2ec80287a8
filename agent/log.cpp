#include "agent/log.h"

#include "core/text.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace paws::agent {

namespace {

constexpr std::size_t value_limit = 1024;

// The journal takes the priority from the line's head (sd-daemon(3)).
class PriorityFlag : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message,
                const std::tm& /*time*/,
                spdlog::memory_buf_t& out) override {
        const std::string_view head = message.level >= spdlog::level::err    ? "<3>"
                                      : message.level == spdlog::level::warn ? "<4>"
                                      : message.level == spdlog::level::info ? "<6>"
                                                                             : "<7>";
        out.append(head.data(), head.data() + head.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<PriorityFlag>();
    }
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

std::string shown(const std::string& value) {
    auto text = printable(value, value_limit);
    if (!text.empty() && text.find_first_of(" \"=") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += (c == '"' || c == '\\') ? std::string{'\\', c} : std::string{c};
    }
    return quoted + "\"";
}

}  // namespace

std::string line_of(std::string_view message, std::initializer_list<Field> fields) {
    auto line = printable(message, value_limit);
    for (const auto& field : fields) {
        line += ' ';
        line += field.key;
        line += '=' + shown(field.value);
    }
    return line;
}

Log::Log(Reader reader, LogLevel level)
    : logger_{std::make_unique<spdlog::logger>("paws-agent",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())} {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    if (reader == Reader::journal) {
        formatter->add_flag<PriorityFlag>('*').set_pattern("%*%v");
    } else {
        formatter->set_pattern("%H:%M:%S.%e %l: %v");
    }
    logger_->set_formatter(std::move(formatter));
    set_level(level);
}

Log::~Log() = default;

void Log::set_level(LogLevel level) {
    logger_->set_level(to_spdlog(level));
}

void Log::debug(std::string_view message, std::initializer_list<Field> fields) {
    if (logger_->should_log(spdlog::level::debug)) {
        logger_->log(spdlog::level::debug, line_of(message, fields));
    }
}

void Log::info(std::string_view message, std::initializer_list<Field> fields) {
    logger_->log(spdlog::level::info, line_of(message, fields));
}

void Log::warning(std::string_view message, std::initializer_list<Field> fields) {
    logger_->log(spdlog::level::warn, line_of(message, fields));
}

void Log::error(std::string_view message, std::initializer_list<Field> fields) {
    logger_->log(spdlog::level::err, line_of(message, fields));
}

}  // namespace paws::agent
