#include "agent/control.h"

#include "platform/root_fs.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <iterator>
#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace paws::agent {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::ptrdiff_t most_conversations = 32;
constexpr std::ptrdiff_t kept_for_operators = 8;
constexpr std::ptrdiff_t most_of_one_user = 8;
constexpr auto failed_softly = asio::as_tuple(asio::use_awaitable);

// Removes what a crash left. The lock is ours, so nobody listens there.
Result<void> clear(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        return errno == ENOENT ? Result<void>{} : platform::system_error(errno, path);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return Error{Errc::io, path + ": is there and is no socket; remove it"};
    }
    return ::unlink(path.c_str()) == 0 ? Result<void>{} : platform::system_error(errno, path);
}

}  // namespace

struct Control::Conversation {
    Protocol::socket socket;
    asio::steady_timer limit;
    platform::Peer peer;
    std::string request;
};

Control::Control(asio::io_context& loop, platform::PidLock lock, std::string path, House house)
    : loop_{loop},
      lock_{std::move(lock)},
      path_{std::move(path)},
      house_{std::move(house)},
      acceptor_{loop} {}

Control::~Control() {
    ::unlink(path_.c_str());
}

Result<std::unique_ptr<Control>> Control::open(asio::io_context& loop,
                                               const std::string& directory,
                                               House house,
                                               std::chrono::nanoseconds patience) {
    auto lock = platform::PidLock::take(directory + "/agent.lock");
    if (!lock && lock.error().code == Errc::unavailable) {
        return Error{Errc::unavailable,
                     "another paws-agent runs already (" + lock.error().what +
                         "); stop it, or give this one its own [agent] runtime_dir"};
    }
    if (!lock) {
        return lock.error();
    }
    const auto path = directory + "/control.sock";
    if (const auto cleared = clear(path); !cleared) {
        return cleared.error();
    }
    std::unique_ptr<Control> control{new Control{loop, std::move(*lock), path, std::move(house)}};
    control->patience_ = patience;
    if (const auto listening = control->listen(); !listening) {
        return listening.error();
    }
    return control;
}

Result<void> Control::listen() {
    boost::system::error_code failed;
    acceptor_.open(Protocol{}, failed);
    if (!failed) {
        acceptor_.bind(Protocol::endpoint{path_}, failed);
    }
    if (failed) {
        return Error{Errc::unavailable, path_ + ": " + failed.message()};
    }
    if (::chmod(path_.c_str(), 0666) != 0) {
        return platform::system_error(errno, path_);
    }
    acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) {
        return Error{Errc::unavailable, path_ + ": " + failed.message()};
    }
    asio::co_spawn(loop_, accept(), asio::detached);
    return {};
}

asio::awaitable<void> Control::accept() {
    asio::steady_timer pause{loop_};
    for (;;) {
        auto [failed, socket] = co_await acceptor_.async_accept(failed_softly);
        if (failed == asio::error::operation_aborted) {
            co_return;
        }
        if (!failed) {
            receive(std::move(socket));
            continue;
        }
        pause.expires_after(100ms);  // out of descriptors, say: it would fail again at once
        co_await pause.async_wait(failed_softly);
    }
}

// A job under an operator's own account has its seats apart from those of the operator.
bool Control::is_free_for(const Seat& wanted) const {
    const auto of_this_user = std::ranges::count_if(seats_, [&](const Seat& seat) {
        return seat.uid == wanted.uid && seat.of_operator == wanted.of_operator;
    });
    const auto of_others = std::ranges::count(seats_, false, &Seat::of_operator);
    return of_this_user < most_of_one_user && std::ssize(seats_) < most_conversations &&
           (wanted.of_operator || of_others < most_conversations - kept_for_operators);
}

// Names the processes: ss(8) shows of a connected unix socket the agent's end alone.
std::string Control::crowded() const {
    std::set<int> pids;
    for (const auto& seat : seats_) {
        if (seat.pid > 0) {  // 0: of another pid namespace
            pids.insert(seat.pid);
        }
    }
    std::string list;
    for (const int pid : pids) {
        list += (list.empty() ? "" : ",") + std::to_string(pid);
    }
    return "too many ask at once; ask again" +
           (list.empty() ? "" : ", or see who they are: ps -fp " + list);
}

void Control::receive(Protocol::socket socket) {
    const auto peer = platform::peer_of(socket.native_handle());
    if (!peer) {
        return;
    }
    const Seat seat{.uid = peer->uid, .pid = peer->pid, .of_operator = house_.is_operator(*peer)};
    if (!is_free_for(seat)) {
        boost::system::error_code ignored;
        socket.non_blocking(true, ignored);
        socket.write_some(asio::buffer(refusal(Refusal::unavailable, crowded())), ignored);
        return;
    }
    const auto taken = seats_.insert(seats_.end(), seat);
    auto with = std::make_shared<Conversation>(
        Conversation{std::move(socket), asio::steady_timer{loop_}, *peer, ""});
    asio::co_spawn(loop_, converse(with), [this, taken](const std::exception_ptr& bug) {
        seats_.erase(taken);
        if (bug) {
            std::rethrow_exception(bug);
        }
    });
}

asio::awaitable<void> Control::converse(std::shared_ptr<Conversation> with) {
    with->limit.expires_after(patience_);
    with->limit.async_wait([with](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            boost::system::error_code ignored;
            with->socket.close(ignored);
        }
    });
    const auto text = co_await answer_to(with);
    co_await asio::async_write(with->socket, asio::buffer(text), failed_softly);
    with->limit.cancel();
}

// Empty when nothing was asked.
asio::awaitable<std::string> Control::answer_to(std::shared_ptr<Conversation> with) const {
    auto& request = with->request;
    const auto [failed, length] = co_await asio::async_read_until(
        with->socket, asio::dynamic_buffer(request, request_limit + 1), '\n', failed_softly);
    if (failed == asio::error::not_found) {
        co_return refusal(Refusal::usage, "a request has at most 65536 bytes");
    }
    if ((failed && failed != asio::error::eof) || request.empty()) {
        co_return "";
    }
    request.resize(std::min(request.find('\n'), request.size()));
    std::string text;
    try {
        text = co_await house_.respond(request, with->peer);
    } catch (const std::exception& bug) {  // one answer that fails does not stop the agent
        text = refusal(Refusal::unavailable, std::string{"a bug in the agent: "} + bug.what());
    }
    co_return text;
}

}  // namespace paws::agent
