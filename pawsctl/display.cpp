#include "pawsctl/display.h"

#include "core/text.h"
#include "pawsctl/json_text.h"
#include "platform/terminal.h"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace paws::pawsctl {

namespace {

// pawsctl has one thread.
std::string_view environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? "" : value;
}

bool can_obey() {
    const auto kind = environment("TERM");
    return platform::is_terminal(STDOUT_FILENO) && !kind.empty() && kind != "dumb";
}

std::optional<std::size_t> columns_of_output() {
    const bool terminal = platform::is_terminal(STDOUT_FILENO);
    const auto window = terminal ? platform::window_size(STDOUT_FILENO) : std::nullopt;
    if (window) {
        return window->columns;
    }
    const auto asked = parse_integer<std::size_t>(environment("COLUMNS"));
    if (asked && *asked > 0) {
        return asked;
    }
    return terminal ? std::optional<std::size_t>{80} : std::nullopt;
}

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

Screen screen_of_output() {
    const auto window = platform::window_size(STDOUT_FILENO);
    Screen screen;
    screen.columns = columns_of_output();
    screen.rows = window ? std::optional<std::size_t>{window->rows} : std::nullopt;
    screen.colour = can_obey() && environment("NO_COLOR").empty();
    screen.unicode = platform::environment_speaks_utf8();
    return screen;
}

bool output_can_redraw() {
    return can_obey();
}

void print_lines(const std::vector<std::string>& lines) {
    for (const auto& line : lines) {
        print(line);
        print("\n");
    }
}

void print_json(std::string_view valid) {
    const bool terminal = platform::is_terminal(STDOUT_FILENO);
    print(terminal ? pretty(valid) : std::string{valid});
    print("\n");
}

void print_answer(const Answer& answer, bool json, Draw* draw) {
    if (json) {
        print_json(answer.result_text);
    } else {
        print_lines(draw(answer.result, screen_of_output()));
    }
}

void complain(std::string_view sentence) {
    std::fprintf(stderr, "pawsctl: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
}

int fail(const Failure& failure) {
    complain(failure.message);
    return failure.exit_code;
}

}  // namespace paws::pawsctl
