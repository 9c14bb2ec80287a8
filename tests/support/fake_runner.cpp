#include "tests/support/fake_runner.h"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paws::fake {

namespace {

constexpr std::array<std::string_view, 6> result_words{
    "Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped", "Abandoned"};

std::function<void(std::string_view)>& mirror() {
    static std::function<void(std::string_view)> function;
    return function;
}

std::string_view take_last_word(std::string_view& text) {
    const auto space = text.find_last_of(' ');
    if (space == std::string_view::npos) {
        return {};
    }
    const auto word = text.substr(space + 1);
    text = text.substr(0, space);
    return word;
}

}  // namespace

std::optional<Work> parse_work(std::string_view text) {
    Work work;
    const auto result = take_last_word(text);
    const auto seconds = take_last_word(text);
    const auto [end, problem] =
        std::from_chars(seconds.data(), seconds.data() + seconds.size(), work.seconds);
    if (problem != std::errc{} || end != seconds.data() + seconds.size()) {
        return std::nullopt;
    }
    for (std::size_t at = 0; at < result_words.size(); ++at) {
        if (result_words.at(at) == result) {
            work.name = text;
            work.result = static_cast<int>(at);
            return work;
        }
    }
    return std::nullopt;
}

std::string_view result_word(int result) {
    return result_words.at(static_cast<std::size_t>(result));
}

void mirror_lines(std::function<void(std::string_view)> each_line) {
    mirror() = std::move(each_line);
}

void print(std::string_view line) {
    if (mirror()) {
        mirror()(line);
    }
    const auto text = std::string{line} + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto written = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (written <= 0) {
            return;  // nobody listens any more; a runner goes on all the same
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

void print_stamped(std::string_view line) {
    const auto now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> stamp{};
    const auto length = std::strftime(stamp.data(), stamp.size(), "%Y-%m-%d %H:%M:%SZ", &utc);
    print(std::string{stamp.data(), length} + ": " + std::string{line});
}

std::string setting(const char* name, std::string_view fallback) {
    const char* value = std::getenv(name);
    return std::string{value == nullptr ? fallback : std::string_view{value}};
}

void set(const char* name, const std::string& value) {
    ::setenv(name, value.c_str(), 1);
}

std::filesystem::path own_directory() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

int signal_fd(std::initializer_list<int> signals) {
    sigset_t set{};
    ::sigemptyset(&set);
    for (const int signal : signals) {
        ::sigaddset(&set, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int take_signal(int fd) {
    signalfd_siginfo taken{};
    const auto got = ::read(fd, &taken, sizeof taken);
    return got == sizeof taken ? static_cast<int>(taken.ssi_signo) : 0;
}

std::optional<pid_t> start(const std::filesystem::path& program,
                           const std::vector<std::string>& arguments,
                           int output) {
    posix_spawn_file_actions_t files{};
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    posix_spawnattr_t attributes{};
    ::posix_spawnattr_init(&attributes);
    sigset_t none{};
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

    auto words = arguments;
    words.insert(words.begin(), program.string());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    pid_t pid = 0;
    const int failed =
        ::posix_spawn(&pid, program.c_str(), &files, &attributes, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
    return failed == 0 ? std::optional{pid} : std::nullopt;
}

std::optional<int> exit_code(int status) {
    return WIFEXITED(status) ? std::optional{WEXITSTATUS(status)} : std::nullopt;
}

}  // namespace paws::fake

int main(int count, char** values) {
    using namespace paws::fake;
    const std::vector<std::string> arguments{values, values + count};
    const auto name = std::filesystem::path{arguments.empty() ? "" : arguments[0]}.filename();
    if (name == "node") {
        return play_wrapper();
    }
    if (name == "Runner.Listener") {
        return play_listener();
    }
    if (name == "Runner.Worker") {
        return play_worker();
    }
    return play_step(count > 1 ? std::atoi(values[1]) : 0);  // any other name: sleeps
}
