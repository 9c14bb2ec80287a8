// Terminal: what standard output is, and a full screen of its own for programs that redraw.

#pragma once

#include "core/result.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

namespace paws::platform {

struct WindowSize {
    unsigned columns = 0;
    unsigned rows = 0;
};

bool is_terminal(int fd);
// Absent when `fd` is no terminal, or one that does not know its size (a serial line).
std::optional<WindowSize> window_size(int fd);
// Takes the character set of the environment (LC_ALL, LC_CTYPE, LANG); call once, before any
// thread.
bool environment_speaks_utf8();

// The alternate screen of the terminal on standard input and output, without echo or cursor.
// From open() to the destructor SIGINT, SIGTERM, SIGHUP, SIGWINCH and SIGTSTP come out of wait().
// One at a time, on the main thread of a program without others.
class FullScreen {
public:
    static Result<FullScreen> open();
    FullScreen(FullScreen&&) noexcept;
    FullScreen& operator=(FullScreen&&) = delete;
    FullScreen(const FullScreen&) = delete;
    FullScreen& operator=(const FullScreen&) = delete;
    ~FullScreen();

    // Replaces what is shown by `lines`, which end in "\n" each except the last.
    void draw(std::string_view lines) const;

    enum class Wake { elapsed, resized, ended };
    // Until `patience` is over, the window changed, or the user or a signal ends the program.
    Wake wait(std::chrono::milliseconds patience);

private:
    struct Saved;
    explicit FullScreen(std::unique_ptr<Saved> saved);
    std::unique_ptr<Saved> saved_;
};

}  // namespace paws::platform
