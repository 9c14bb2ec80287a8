#include "exporter/connections.h"

#include <algorithm>

#include <sys/socket.h>

namespace paws::exporter {

Connections::Connections(std::size_t threads, std::chrono::milliseconds patience)
    : threads_{threads}, patience_{patience}, usher_{[this] { keep_room(); }} {}

Connections::~Connections() {
    stop();
    usher_.join();
}

void Connections::taken(int socket) {
    const std::lock_guard lock{mutex_};
    if (auto* known = find(socket)) {
        known->waiting_since = Clock::now();
    } else {
        connections_.push_back({.socket = socket, .waiting_since = Clock::now()});
    }
    if (stopping_) {
        ::shutdown(socket, SHUT_RD);
    } else if (crowded()) {
        changed_.notify_all();
    }
}

void Connections::asked(int socket) {
    const std::lock_guard lock{mutex_};
    if (auto* connection = find(socket)) {
        connection->waits = false;
    }
}

void Connections::answered(int socket) {
    const std::lock_guard lock{mutex_};
    if (auto* connection = find(socket)) {
        connection->waits = true;
        connection->waiting_since = Clock::now();
    }
    if (crowded()) {
        changed_.notify_all();
    }
}

void Connections::gone(int socket) {
    const std::lock_guard lock{mutex_};
    std::erase_if(connections_, [&](const Connection& each) { return each.socket == socket; });
}

void Connections::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        for (const auto& connection : connections_) {
            ::shutdown(connection.socket, SHUT_RD);
        }
    }
    changed_.notify_all();
}

Connections::Connection* Connections::find(int socket) {
    const auto found = std::ranges::find(connections_, socket, &Connection::socket);
    return found == connections_.end() ? nullptr : &*found;
}

Connections::Connection* Connections::longest_waiting() {
    Connection* longest = nullptr;
    for (auto& each : connections_) {
        const bool eligible = each.waits && !each.hung_up;
        if (eligible && (longest == nullptr || each.waiting_since < longest->waiting_since)) {
            longest = &each;
        }
    }
    return longest;
}

// No thread is left, and none is about to be.
bool Connections::crowded() const {
    return connections_.size() >= threads_ &&
           std::ranges::none_of(connections_, &Connection::hung_up);
}

// A socket stays open while it is in the list, so its number belongs to no one else.
void Connections::keep_room() {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        auto* longest = crowded() ? longest_waiting() : nullptr;
        if (longest == nullptr) {
            changed_.wait(lock);
        } else if (const auto until = longest->waiting_since + patience_; Clock::now() < until) {
            changed_.wait_until(lock, until);
        } else {
            ::shutdown(longest->socket, SHUT_RDWR);
            longest->hung_up = true;
        }
    }
}

}  // namespace paws::exporter
