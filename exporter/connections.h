// Connections: who holds the server's threads. civetweb gives a thread to every connection for as
// long as it is open, so a few clients that never finish their request, or idle browsers, could
// keep everyone else out. Here, while no thread is left for the next connection, the one that has
// kept its thread waiting longest is hung up; one that waits for its answer never is.
// Safe for concurrent use; nothing blocks. Its own thread sleeps until all others are taken.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace paws::exporter {

class Connections {
public:
    // `threads` can be taken at once. A client may keep one waiting for `patience`, to ask or to
    // take its answer, before it can lose it to another.
    Connections(std::size_t threads, std::chrono::milliseconds patience);
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;
    ~Connections();

    void taken(int socket);     // a thread serves it from now on; once more: it has time anew
    void asked(int socket);     // its request is being answered
    void answered(int socket);  // the thread waits for the client again
    void gone(int socket);      // before it is closed

    void stop();  // hangs up everyone who is not being answered

private:
    using Clock = std::chrono::steady_clock;

    struct Connection {
        int socket = -1;
        Clock::time_point waiting_since;
        bool waits = true;  // for its client
        bool hung_up = false;
    };

    Connection* find(int socket);
    Connection* longest_waiting();
    bool crowded() const;
    void keep_room();

    const std::size_t threads_;
    const std::chrono::milliseconds patience_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Connection> connections_;
    bool stopping_ = false;
    std::thread usher_;
};

}  // namespace paws::exporter
