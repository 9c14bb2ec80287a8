// BrokerLink: the listener's connection to its broker: a session, then one long poll after another
// over plain HTTP, at most one connection at a time. It never blocks: the listener polls its
// descriptor and calls turn(). Tries, waits and their ends are those of the V2 listener
// (L/BrokerMessageListener.cs, C/RunnerService.cs), with 30 s as FAKE_BACKOFF_MS.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace paws::fake {

class BrokerLink {
public:
    enum class Event {
        nothing,
        connected,     // it is about to ask for a session
        session,       // it has one
        job,           // text: what the job is (parse_work)
        ghost,         // the broker wants it to lose the connection in silence
        error,         // the first of a series; text: why
        conflict,      // another has the session; once more later
        conflict_end,  // and for the last time
        unknown,       // no such runner, when a session was asked for
        gone,          // no such runner, in the message loop
        denied,        // not allowed, in the message loop
        gave_up,       // ten errors: the listener ends to be started again
    };
    struct Happening {
        Event event = Event::nothing;
        std::string text;
    };

    // `target` is "a.b.c.d:port"; empty: there is no broker and nothing ever happens.
    BrokerLink(std::string target, std::string agent);
    BrokerLink(const BrokerLink&) = delete;
    BrokerLink& operator=(const BrokerLink&) = delete;
    ~BrokerLink() { close(); }

    bool exists() const { return !target_.empty(); }
    // Whether a series of errors was told, which ends with this.
    bool take_error() { return std::exchange(in_error_, false); }

    int fd() const { return phase_ == Phase::silent ? -1 : fd_; }
    short events() const;
    int patience() const;  // milliseconds until turn() has something to do; -1: not by itself
    Happening turn(bool ready);

    void set_busy(bool busy) { busy_ = busy; }
    void lose();       // closes and asks no more
    void fall_deaf();  // keeps the connection, and neither reads nor sends any more
    void resume();     // asks again, from now on
    void leave();      // gives the session back, if the broker answers within a second

private:
    using Steady = std::chrono::steady_clock;
    enum class Phase { waiting, connecting, asking, silent };

    Happening begin();
    Happening connected();
    Happening ask();
    Happening receive();
    Happening answered(int status, std::string_view body);
    Happening session_answered(int status, std::string_view body);
    Happening message_answered(int status, std::string_view body);
    Happening conflict();
    Happening failed(const std::string& why);
    int open_socket(bool blocking) const;
    std::string request() const;
    std::string subject() const { return " (" + target_ + ")"; }
    void wait(std::chrono::milliseconds span);
    void close();

    std::string target_;
    std::string agent_;
    std::chrono::milliseconds backoff_;
    int fd_ = -1;
    Phase phase_ = Phase::silent;
    Steady::time_point due_{};  // waiting: the next try; else: the answer's deadline
    std::string session_;
    std::string received_;
    bool announced_ = false;
    bool busy_ = false;
    bool in_error_ = false;  // and it was told
    int tries_ = 0;          // of one call that failed
    int errors_ = 0;
    std::optional<Steady::time_point> conflict_since_;
};

}  // namespace paws::fake
