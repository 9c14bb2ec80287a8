// fake_runner: the programs of a GitHub runner, played by one small binary that acts by the base
// name it was started under: node (bin/RunnerService.js), Runner.Listener, Runner.Worker.
// Lines, exit codes and process tree are those of actions/runner 2.336 (Misc/RunnerService.js,
// L/Runner.cs, L/JobDispatcher.cs). Environment, also from the runner's .env:
//   FAKE_RELAUNCH_MS  delay before the wrapper starts a listener again; 5000 unless told
//   FAKE_LISTEN=0     the listener connects but is not "Listening for Jobs" until told to
//   FAKE_BROKER       a.b.c.d:port of the broker that the listener lives by (fake_broker.py)
//   FAKE_BACKOFF_MS   what the listener's 30 s between tries are; its other times scale with it
//   FAKE_RENEW_MS     between two renewals of a job's lease; 60000 unless told
//   FAKE_REPOSITORY, FAKE_WORKFLOW, FAKE_RUN_ATTEMPT   what the job's message says of it
// Commands, one a line, written to the FIFO <root>/.fake/control: see fake_runner_listener.cpp.

#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace paws::fake {

int play_wrapper();   // node ./bin/RunnerService.js, in the runner's root
int play_listener();  // <root>/bin/Runner.Listener run
int play_worker();    // <root>/bin.VERSION/Runner.Worker spawnclient OUT IN
int play_step(int seconds);

// What a job does, read from its name: "eat=64M burn steps=3" (see fake_runner_worker.cpp).
struct Work {
    std::string name;
    int seconds = 0;
    int result = 0;  // TaskResult: 0 Succeeded ... 5 Abandoned
};
std::optional<Work> parse_work(std::string_view text);  // NAME SECONDS RESULT
std::string_view result_word(int result);

void print(std::string_view line);  // one line, at once, as the console shows it
// Gets each line that is printed from now on; an empty function: no longer.
void mirror_lines(std::function<void(std::string_view)> each_line);
void print_stamped(std::string_view line);  // with the .NET "u" time in front
std::string setting(const char* name, std::string_view fallback);
void set(const char* name,
         const std::string& value);  // what setting() then says, here and in children

// The directory of the running binary ("<root>/bin.2.336.0").
std::filesystem::path own_directory();

// Blocks the signals named and hands them out by a descriptor instead.
int signal_fd(std::initializer_list<int> signals);
int take_signal(int fd);  // 0 when none waits

// Starts a program with default signal handling; its stdout and stderr go to `output`.
std::optional<pid_t> start(const std::filesystem::path& program,
                           const std::vector<std::string>& arguments,
                           int output);

// As node and .NET see an end: the exit code, or nothing after a signal.
std::optional<int> exit_code(int status);

}  // namespace paws::fake
