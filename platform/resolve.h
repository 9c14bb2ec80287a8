// Resolver: asks the system for the addresses of a name without blocking the loop. The question
// runs on a thread that is left behind when it misses its deadline, and at most one is unanswered:
// the next who asks waits for the same. That thread knows nothing of the loop, so that neither has
// to outlive the other.
// Lives on one io_context; one resolve() at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>

namespace paws::platform {

struct Addresses {
    boost::system::error_code problem;  // boost::beast::error::timeout: not known by the deadline
    std::vector<boost::asio::ip::tcp::endpoint> list;
};

// Asks the system's resolver; blocks as long as that does.
Addresses ask_system(const std::string& host, std::uint16_t port);

// On the loop's own thread it blocks the loop, and no deadline holds.
enum class AskOn { thread, loop };

struct Names {
    std::function<Addresses(const std::string& host, std::uint16_t port)> ask = ask_system;
    AskOn ask_on = AskOn::thread;
};

class Resolver {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    Resolver(boost::asio::io_context& loop, Names names);

    // Of the same name each time. An address as a name is its own answer.
    boost::asio::awaitable<Addresses> resolve(std::string host,
                                              std::uint16_t port,
                                              Deadline deadline);
    // Ends the resolve() under way.
    void give_up();

private:
    struct Question;
    using Bell = boost::beast::basic_stream<boost::asio::local::stream_protocol>;

    boost::system::error_code start(const std::string& host, std::uint16_t port);
    boost::system::error_code hang_bell();
    std::optional<Addresses> take_answer();

    boost::asio::io_context& loop_;
    Names names_;
    std::shared_ptr<Question> question_;  // not answered yet, as far as we know
    std::optional<Bell> bell_;            // ends when the answer is there
};

}  // namespace paws::platform
