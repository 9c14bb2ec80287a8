// The listener: connects, takes jobs, and does what is written to <root>/.fake/control:
//   job NAME SECONDS RESULT   run a worker (after the one that runs)
//   error TEXT | reconnect    the connect-error lines; `reconnect` also asks the broker again
//   listen                    "Listening for Jobs" again
//   hang                      lose the connection in silence, ignore all but `reconnect`
//   deaf                      keep the connection and never read or send again, until `reconnect`
//   renewals fail|work        what the lease of a job meets from now on
//   exit CODE                 end with this code, worker first
//   crash                     worker, then itself, by SIGKILL
//   orphan                    itself by SIGKILL; the worker lives on
//   update VERSION            lay out bin.VERSION, switch the links, exit 3
//   conflict | deregister     the lines and exits of these ends
//   say TEXT                  print TEXT as it is
// With FAKE_BROKER it lives by what a broker answers (fake_runner_link.h, fake_broker.py); without
// it is connected at once.
#include "tests/support/fake_runner.h"
#include "tests/support/fake_runner_jobs.h"
#include "tests/support/fake_runner_link.h"
#include "tests/support/fake_runner_trace.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace paws::fake {

namespace {

namespace fs = std::filesystem;

std::string own_version() {
    const auto name = own_directory().filename().string();
    return name.starts_with("bin.") ? name.substr(4) : "2.336.0";
}

void announce_connection() {
    print("");
    print("\u221a Connected to GitHub");
    print("");
}

void announce_session() {
    print("Current runner version: '" + own_version() + "'");
    if (setting("FAKE_LISTEN", "1") != "0") {
        print_stamped("Listening for Jobs");
    }
}

// L/Program.cs: KEY=VALUE, no quoting.
void load_environment(const fs::path& root) {
    std::ifstream file{root / ".env"};
    std::string line;
    while (std::getline(file, line)) {
        const auto equals = line.find('=');
        if (equals != std::string::npos && equals != 0) {
            set(line.substr(0, equals).c_str(), line.substr(equals + 1));
        }
    }
}

// What the session is asked for with: the id and the name of `.runner`, whose lines we wrote.
std::string identity(const fs::path& root) {
    std::ifstream file{root / ".runner"};
    std::string fields;
    for (std::string line; std::getline(file, line);) {
        const auto key = line.find("\"agent");
        if (key != std::string::npos) {
            const auto field = line.substr(key, line.find_last_not_of(", \r") - key + 1);
            fields += (fields.empty() ? "" : ", ") + field;
        }
    }
    return "{" + fields + "}";
}

class Listener {
public:
    explicit Listener(fs::path root) : root_{std::move(root)} {}
    int run();

private:
    using Event = BrokerLink::Event;

    void open_control();
    int patience() const;
    void wait();
    void read_commands();
    void obey(std::string_view command);
    void obey_end(std::string_view verb, const std::string& argument);
    void take(const BrokerLink::Happening& happening);
    void take_session();
    void take_end(Event event);
    void hang();
    void deregister();
    void stop();
    void update(const std::string& version);
    void switch_link(const std::string& name, const std::string& version) const;

    fs::path root_;
    Trace trace_{root_, "Runner"};
    Jobs jobs_{trace_};
    BrokerLink broker_{setting("FAKE_BROKER", ""), identity(root_)};
    int signals_ = signal_fd({SIGCHLD, SIGINT, SIGTERM});
    int control_ = -1;
    std::string pending_;
    bool hanging_ = false;
    std::optional<int> exit_;  // set: the run is over
};

int Listener::run() {
    mirror_lines([this](std::string_view line) {
        trace_.write("Terminal", "WRITE LINE: " + std::string{line});
    });
    trace_.write("Listener", "Version: " + own_version());
    open_control();
    if (!broker_.exists()) {
        announce_connection();
        announce_session();
    }
    while (!exit_) {
        wait();
    }
    jobs_.kill(SIGKILL);
    broker_.leave();
    trace_.write("Listener",
                 "Runner execution has finished with return code " + std::to_string(*exit_));
    mirror_lines({});
    return *exit_;
}

void Listener::open_control() {
    const auto fifo = root_ / ".fake/control";
    fs::create_directories(fifo.parent_path());
    ::mkfifo(fifo.c_str(), 0622);
    control_ =
        ::open(fifo.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);  // a writer of its own: no end
}

int Listener::patience() const {
    const auto jobs = jobs_.patience();
    const auto broker = broker_.patience();
    return jobs < 0 || broker < 0 ? std::max(jobs, broker) : std::min(jobs, broker);
}

void Listener::wait() {
    std::array<pollfd, 3> watched{{{.fd = signals_, .events = POLLIN, .revents = 0},
                                   {.fd = control_, .events = POLLIN, .revents = 0},
                                   {.fd = broker_.fd(), .events = broker_.events(), .revents = 0}}};
    ::poll(watched.data(), watched.size(), patience());
    for (int signal = take_signal(signals_); signal != 0; signal = take_signal(signals_)) {
        if (signal == SIGCHLD) {
            jobs_.reap(!exit_);
        } else {
            stop();
        }
    }
    if (watched[1].revents != 0) {
        read_commands();
    }
    jobs_.renew();
    broker_.set_busy(jobs_.busy());
    if (!exit_) {
        take(broker_.turn(watched[2].revents != 0));
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
        broker_.resume();
        print_stamped("Runner reconnected.");
    } else if (hanging_) {
        return;
    } else if (verb == "hang") {
        hang();
    } else if (verb == "deaf") {
        hanging_ = true;
        broker_.fall_deaf();
    } else if (verb == "job") {
        if (const auto work = parse_work(argument)) {
            jobs_.add(*work);
        }
    } else if (verb == "renewals") {
        jobs_.let_renewals_fail(argument == "fail");
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
        jobs_.kill(SIGKILL);
        ::kill(::getpid(), SIGKILL);
    } else if (verb == "orphan") {
        ::kill(::getpid(), SIGKILL);
    } else if (verb == "update") {
        update(argument);
    } else if (verb == "conflict") {
        print("A session for this runner already exists.");
        take_end(Event::conflict_end);
    } else if (verb == "deregister") {
        take_end(Event::gone);
    }
}

void Listener::hang() {
    hanging_ = true;
    broker_.lose();
}

// What the broker's answer, or its silence, makes the listener say and do.
void Listener::take(const BrokerLink::Happening& happening) {
    switch (happening.event) {
        case Event::nothing:
            break;
        case Event::connected:
            announce_connection();
            break;
        case Event::session:
            take_session();
            break;
        case Event::job:
            if (const auto work = parse_work(happening.text)) {
                jobs_.add(*work);
            }
            break;
        case Event::ghost:
            hang();
            break;
        case Event::error:
            print_stamped("Runner connect error: " + happening.text +
                          ". Retrying until reconnected.");
            break;
        case Event::conflict:
            print("A session for this runner already exists.");
            break;
        default:
            take_end(happening.event);
    }
}

void Listener::take_session() {
    if (broker_.take_error()) {
        print_stamped("Runner reconnected.");
    }
    announce_session();
}

void Listener::take_end(Event event) {
    switch (event) {
        case Event::conflict_end:
            print("Stop retry on SessionConflictException after retried for 240 seconds.");
            print("Failed to create session. Error: Conflict");
            exit_ = 5;
            break;
        case Event::unknown:
            print("The runner no longer exists on the server. Please reconfigure the runner.");
            exit_ = 1;
            break;
        case Event::gone:
            deregister();
            exit_ = 0;
            break;
        case Event::denied:
            print("An error occurred: Get next message failed with non-retryable error.");
            exit_ = 1;
            break;
        default:  // ten errors
            exit_ = 2;
    }
}

void Listener::deregister() {
    print("The runner no longer exists on the server. Cleaning up local configuration.");
    fs::remove(root_ / ".credentials");
    print("\u221a Removed .credentials");
    fs::remove(root_ / ".runner");
    print("\u221a Removed .runner");
}

void Listener::stop() {
    print("Exiting...");
    exit_ = 0;
    jobs_.cancel();
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
    const auto root = own_directory().parent_path();
    if (!fs::exists(root / ".runner")) {
        print("Not configured. Run config.(sh/cmd) to configure the runner.");
        return 1;
    }
    load_environment(root);
    return Listener{root}.run();
}

}  // namespace paws::fake
