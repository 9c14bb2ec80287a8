// Fake agent: listens on a control socket of its own and answers as a test wants it, also wrongly.
// Its thread ends with the object. Strict: what is not one line of at most 64 KiB is no request.

#pragma once

#include "platform/unique_fd.h"

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace paws::tests {

class FakeAgent {
public:
    // Answers one connection; `request` is the line without its end, empty when it was none.
    using Behaviour = std::function<void(int connection, const std::string& request)>;

    explicit FakeAgent(Behaviour behaviour);
    FakeAgent(const FakeAgent&) = delete;
    FakeAgent& operator=(const FakeAgent&) = delete;
    ~FakeAgent();

    const std::string& socket() const { return socket_; }
    std::vector<std::string> requests() const;

private:
    void serve();
    void answer(int connection);

    Behaviour behaviour_;
    std::string directory_;
    std::string socket_;
    platform::UniqueFd listening_;
    platform::UniqueFd stop_;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

// Sends all of `text`; quietly less when the other side is gone.
void send_text(int connection, std::string_view text);
// Returns when the other side has closed, after at most ten seconds.
void wait_until_closed(int connection);
// Sends `text` and a line's end.
FakeAgent::Behaviour answering(std::string text);

}  // namespace paws::tests
