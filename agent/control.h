// Control: the control socket. Anybody may connect; who may do what is for `respond` to say.
// Lives on the loop. At most 32 conversations, 8 of one user, `patience` long each; the last 8 are
// for operators, whom nobody else can keep from asking.

#pragma once

#include "agent/control_message.h"
#include "core/result.h"
#include "platform/peer.h"
#include "platform/pid_lock.h"

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

namespace paws::agent {

class Control {
public:
    // One line asked, without its newline; the answer with it.
    using Respond = std::function<boost::asio::awaitable<std::string>(std::string request,
                                                                      platform::Peer peer)>;
    struct House {
        Respond respond;
        std::function<bool(const platform::Peer&)> is_operator;  // asked when somebody connects
    };

    // Listens on `<directory>/control.sock`. What a crash left there is replaced; when another
    // agent lives there the error names it.
    static Result<std::unique_ptr<Control>> open(
        boost::asio::io_context& loop,
        const std::string& directory,
        House house,
        std::chrono::nanoseconds patience = std::chrono::seconds{5});
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;
    Control(Control&&) = delete;
    Control& operator=(Control&&) = delete;
    ~Control();

private:
    using Protocol = boost::asio::local::stream_protocol;
    struct Conversation;
    struct Seat {
        std::uint32_t uid = 0;
        int pid = 0;
        bool of_operator = false;
    };

    Control(boost::asio::io_context& loop, platform::PidLock lock, std::string path, House house);

    Result<void> listen();
    boost::asio::awaitable<void> accept();
    void receive(Protocol::socket socket);
    bool is_free_for(const Seat& wanted) const;
    std::string crowded() const;
    boost::asio::awaitable<void> converse(std::shared_ptr<Conversation> with);
    boost::asio::awaitable<std::string> answer_to(std::shared_ptr<Conversation> with) const;

    boost::asio::io_context& loop_;
    platform::PidLock lock_;
    std::string path_;
    House house_;
    std::chrono::nanoseconds patience_{};
    Protocol::acceptor acceptor_;
    std::list<Seat> seats_;  // of the conversations there are
};

}  // namespace paws::agent
