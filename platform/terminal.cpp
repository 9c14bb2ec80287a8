#include "platform/terminal.h"

#include "platform/root_fs.h"
#include "platform/unique_fd.h"

#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <string>

#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

namespace paws::platform {

namespace {

// ctlseqs (xterm): the alternate screen and the cursor.
constexpr std::string_view enter_screen = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr std::string_view leave_screen = "\x1b[?25h\x1b[?1049l";

void write_all(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return;  // the terminal is gone: SIGHUP follows and ends the program
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

sigset_t watched_signals() {
    sigset_t set{};
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP}) {
        sigaddset(&set, number);
    }
    return set;
}

}  // namespace

bool is_terminal(int fd) {
    return ::isatty(fd) == 1;
}

std::optional<WindowSize> window_size(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return std::nullopt;
    }
    return WindowSize{size.ws_col, size.ws_row};
}

bool environment_speaks_utf8() {
    std::setlocale(LC_CTYPE, "");  // NOLINT(concurrency-mt-unsafe)
    const std::string_view charset{::nl_langinfo(CODESET)};
    return charset == "UTF-8";
}

struct FullScreen::Saved {
    std::optional<termios> modes;  // absent: standard input is no terminal, so there are no keys
    sigset_t mask{};
    UniqueFd signals;

    void enter() const {
        if (modes) {
            auto quiet = *modes;
            quiet.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
            ::tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
        }
        write_all(enter_screen);
    }
    void leave() const {
        write_all(leave_screen);
        if (modes) {
            ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*modes);
        }
    }
    // Gives the terminal back while the shell has stopped us, and takes it again afterwards.
    void sleep_in_background() const {
        leave();
        ::raise(SIGSTOP);
        enter();
    }

    std::optional<Wake> signal() const {
        signalfd_siginfo info{};
        if (::read(signals.get(), &info, sizeof(info)) != sizeof(info)) {
            return std::nullopt;
        }
        if (info.ssi_signo == SIGTSTP) {
            sleep_in_background();
            return Wake::resized;
        }
        return info.ssi_signo == SIGWINCH ? Wake::resized : Wake::ended;
    }
    // q and Ctrl-D end, any other key redraws at once.
    static Wake key() {
        std::array<char, 64> typed{};
        const auto got = ::read(STDIN_FILENO, typed.data(), typed.size());
        const std::string_view keys{typed.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
        return keys.empty() || keys.find_first_of("qQ\x04") != std::string_view::npos
                   ? Wake::ended
                   : Wake::elapsed;
    }
};

Result<FullScreen> FullScreen::open() {
    auto saved = std::make_unique<Saved>();
    termios modes{};
    if (::tcgetattr(STDIN_FILENO, &modes) == 0) {
        saved->modes = modes;
    }
    const auto watched = watched_signals();
    ::pthread_sigmask(SIG_BLOCK, &watched, &saved->mask);
    saved->signals = UniqueFd{::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!saved->signals) {
        const auto reason = errno;
        ::pthread_sigmask(SIG_SETMASK, &saved->mask, nullptr);
        return system_error(reason, "signalfd");
    }
    saved->enter();
    return FullScreen{std::move(saved)};
}

FullScreen::FullScreen(std::unique_ptr<Saved> saved) : saved_{std::move(saved)} {}
FullScreen::FullScreen(FullScreen&&) noexcept = default;

FullScreen::~FullScreen() {
    if (saved_) {
        saved_->leave();
        // A signal that came meanwhile has been answered: the program ends anyway.
        const timespec none{};
        const auto watched = watched_signals();
        while (::sigtimedwait(&watched, nullptr, &none) > 0) {
        }
        ::pthread_sigmask(SIG_SETMASK, &saved_->mask, nullptr);
    }
}

// Only an open screen can be drawn on.
// NOLINTNEXTLINE(readability-convert-member-functions-to-static)
void FullScreen::draw(std::string_view lines) const {
    // Overwrites in place, so that nothing flickers: each line clears only what follows it.
    std::string frame{"\x1b[H"};
    for (const char character : lines) {
        frame += character == '\n' ? "\x1b[K\r\n" : std::string{character};
    }
    write_all(frame + "\x1b[K\x1b[J");
}

FullScreen::Wake FullScreen::wait(std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return Wake::elapsed;
        }
        std::array<pollfd, 2> sources{pollfd{saved_->signals.get(), POLLIN, 0},
                                      pollfd{saved_->modes ? STDIN_FILENO : -1, POLLIN, 0}};
        ::poll(sources.data(), sources.size(), static_cast<int>(left.count()));
        if (sources[0].revents != 0) {
            if (const auto woken = saved_->signal()) {
                return *woken;
            }
        } else if (sources[1].revents != 0) {
            return Saved::key();
        }
    }
}

}  // namespace paws::platform
