// The listener: connects, takes jobs, and does what is written to <root>/.fake/control:
//   job NAME SECONDS RESULT   run a worker (after the one that runs)
//   error TEXT | reconnect    the connect-error lines
//   listen                    "Listening for Jobs" again
//   hang                      lose the connection in silence, ignore all but `reconnect`
//   exit CODE                 end with this code, worker first
//   crash                     worker, then itself, by SIGKILL
//   orphan                    itself by SIGKILL; the worker lives on
//   update VERSION            lay out bin.VERSION, switch the links, exit 3
//   conflict | deregister     the lines and exits of these ends
//   say TEXT                  print TEXT as it is
#include "tests/support/fake_runner.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paws::fake {

namespace {

namespace fs = std::filesystem;

std::string own_version() {
    const auto name = own_directory().filename().string();
    return name.starts_with("bin.") ? name.substr(4) : "2.336.0";
}

void announce() {
    print("");
    print("\u221a Connected to GitHub");
    print("");
    print("Current runner version: '" + own_version() + "'");
    if (setting("FAKE_LISTEN", "1") != "0") {
        print_stamped("Listening for Jobs");
    }
}

class Listener {
public:
    int run();

private:
    struct Running {
        Work work;
        pid_t worker = 0;
    };

    void load_environment() const;  // L/Program.cs: KEY=VALUE, no quoting
    void open_control();
    void connect_github();
    void lose_github();
    void wait();
    void read_commands();
    void obey(std::string_view command);
    void obey_end(std::string_view verb, const std::string& argument);
    void next_job();
    void reap();
    void stop();
    void kill_worker(int signal);
    void update(const std::string& version);
    void switch_link(const std::string& name, const std::string& version) const;

    fs::path root_ = own_directory().parent_path();
    int signals_ = signal_fd({SIGCHLD, SIGINT, SIGTERM});
    int control_ = -1;
    int github_ = -1;
    std::string pending_;
    std::deque<Work> queue_;
    std::optional<Running> job_;
    bool hanging_ = false;
    std::optional<int> exit_;  // set: the run is over
};

int Listener::run() {
    if (!fs::exists(root_ / ".runner")) {
        print("Not configured. Run config.(sh/cmd) to configure the runner.");
        return 1;
    }
    load_environment();
    open_control();
    connect_github();
    announce();
    while (!exit_) {
        wait();
    }
    kill_worker(SIGKILL);
    return *exit_;
}

void Listener::load_environment() const {
    std::ifstream file{root_ / ".env"};
    std::string line;
    while (std::getline(file, line)) {
        const auto equals = line.find('=');
        if (equals != std::string::npos && equals != 0) {
            set(line.substr(0, equals).c_str(), line.substr(equals + 1));
        }
    }
}

void Listener::open_control() {
    const auto fifo = root_ / ".fake/control";
    fs::create_directories(fifo.parent_path());
    ::mkfifo(fifo.c_str(), 0622);
    control_ =
        ::open(fifo.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);  // a writer of its own: no end
}

void Listener::connect_github() {
    const auto target = setting("FAKE_GITHUB", "");
    const auto colon = target.rfind(':');
    if (colon == std::string::npos) {
        return;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(target.c_str() + colon + 1)));
    ::inet_pton(AF_INET, target.substr(0, colon).c_str(), &address.sin_addr);
    github_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    if (::connect(github_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        lose_github();
    }
}

void Listener::lose_github() {
    if (github_ >= 0) {
        ::close(std::exchange(github_, -1));
    }
}

void Listener::wait() {
    std::array<pollfd, 3> watched{{{.fd = signals_, .events = POLLIN, .revents = 0},
                                   {.fd = control_, .events = POLLIN, .revents = 0},
                                   {.fd = github_, .events = POLLIN, .revents = 0}}};
    ::poll(watched.data(), watched.size(), -1);
    for (int signal = take_signal(signals_); signal != 0; signal = take_signal(signals_)) {
        if (signal == SIGCHLD) {
            reap();
        } else {
            stop();
        }
    }
    if (watched[1].revents != 0) {
        read_commands();
    }
    std::array<char, 4096> answer{};
    if (watched[2].revents != 0 && ::read(github_, answer.data(), answer.size()) <= 0) {
        lose_github();
    }
}

void Listener::read_commands() {
    std::array<char, 4096> chunk{};
    const auto got = ::read(control_, chunk.data(), chunk.size());
    if (got <= 0) {
        return;
    }
    pending_.append(chunk.data(), static_cast<std::size_t>(got));
    for (auto end = pending_.find('\n'); end != std::string::npos && !exit_;
         end = pending_.find('\n')) {
        const auto command = pending_.substr(0, end);
        pending_.erase(0, end + 1);
        obey(command);
    }
}

void Listener::obey(std::string_view command) {
    const auto space = command.find(' ');
    const auto verb = command.substr(0, space);
    const std::string argument{space == std::string_view::npos ? "" : command.substr(space + 1)};
    if (verb == "reconnect") {
        hanging_ = false;
        connect_github();
        print_stamped("Runner reconnected.");
    } else if (hanging_) {
        return;
    } else if (verb == "hang") {
        hanging_ = true;
        lose_github();
    } else if (verb == "job") {
        if (const auto work = parse_work(argument)) {
            queue_.push_back(*work);
            next_job();
        }
    } else if (verb == "error") {
        print_stamped("Runner connect error: " + argument + ". Retrying until reconnected.");
    } else if (verb == "listen") {
        print_stamped("Listening for Jobs");
    } else if (verb == "say") {
        print(argument);
    } else {
        obey_end(verb, argument);
    }
}

void Listener::obey_end(std::string_view verb, const std::string& argument) {
    if (verb == "exit") {
        exit_ = std::atoi(argument.c_str());
    } else if (verb == "crash") {
        kill_worker(SIGKILL);
        ::kill(::getpid(), SIGKILL);
    } else if (verb == "orphan") {
        ::kill(::getpid(), SIGKILL);
    } else if (verb == "update") {
        update(argument);
    } else if (verb == "conflict") {
        print("A session for this runner already exists.");
        print("Stop retry on SessionConflictException after retried for 240 seconds.");
        print("Failed to create session. Error: Conflict");
        exit_ = 5;
    } else if (verb == "deregister") {
        print("The runner no longer exists on the server. Cleaning up local configuration.");
        fs::remove(root_ / ".credentials");
        print("\u221a Removed .credentials");
        fs::remove(root_ / ".runner");
        print("\u221a Removed .runner");
        exit_ = 0;
    }
}

void Listener::next_job() {
    if (job_ || queue_.empty()) {
        return;
    }
    Running next{.work = queue_.front()};
    queue_.pop_front();
    print_stamped("Running job: " + next.work.name);
    set("FAKE_JOB_NAME", next.work.name);
    set("FAKE_JOB_SECONDS", std::to_string(next.work.seconds));
    set("FAKE_JOB_RESULT", std::to_string(next.work.result));
    // The real one reads the worker's output by a pipe of its own: the console never sees it.
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    const auto worker =
        start(own_directory() / "Runner.Worker", {"spawnclient", "1", "2"}, nowhere);
    ::close(nowhere);
    if (!worker) {
        print_stamped("Job " + next.work.name + " completed with result: Failed");
        return;
    }
    next.worker = *worker;
    job_ = next;
}

void Listener::reap() {
    int status = 0;
    for (auto pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
         pid = ::waitpid(-1, &status, WNOHANG)) {
        if (!job_ || pid != job_->worker) {
            continue;
        }
        const auto code = exit_code(status).value_or(137);
        const bool told = code >= 100 && code <= 105;  // anything else: the worker crashed
        print_stamped("Job " + job_->work.name +
                      " completed with result: " + std::string{result_word(told ? code - 100 : 2)});
        job_.reset();
        if (!exit_) {
            next_job();
        }
    }
}

void Listener::stop() {
    print("Exiting...");
    exit_ = 0;
    if (job_) {
        ::kill(job_->worker, SIGINT);
        int status = 0;
        ::waitpid(job_->worker, &status, 0);
        print_stamped("Job " + job_->work.name + " completed with result: Canceled");
        job_.reset();
    }
}

void Listener::kill_worker(int signal) {
    if (job_) {
        ::kill(job_->worker, signal);
        int status = 0;
        ::waitpid(job_->worker, &status, 0);
    }
}

void Listener::switch_link(const std::string& name, const std::string& version) const {
    const auto fresh = root_ / (name + ".link");
    fs::create_symlink(name + "." + version, fresh);
    fs::rename(fresh, root_ / name);
}

void Listener::update(const std::string& version) {
    print("Runner update in progress, do not shutdown runner.");
    print("Downloading " + version + " runner");
    print("Waiting for current job finish running.");
    print("Generate and execute update script.");
    print("Runner will exit shortly for update, should be back online within 10 seconds.");
    fs::copy(own_directory(), root_ / ("bin." + version), fs::copy_options::recursive);
    switch_link("bin", version);
    const std::ofstream finished{root_ / "update.finished"};
    print("Runner update process finished.");
    exit_ = 3;
}

}  // namespace

int play_listener() {
    return Listener{}.run();
}

}  // namespace paws::fake
