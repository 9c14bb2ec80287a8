#include "agent/handovers.h"

#include "core/runner_unit.h"
#include "platform/descriptors.h"
#include "platform/peer.h"
#include "platform/root_fs.h"
#include "platform/unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace paws::agent {

namespace {

using namespace std::chrono_literals;
using boost::asio::posix::stream_descriptor;
using platform::RunnerPart;
using platform::UniqueFd;

constexpr auto longest_silence = 5s;
constexpr auto pause_for_breath = 100ms;
constexpr int most_conversations = 8;
constexpr std::array parts{RunnerPart::root, RunnerPart::diag, RunnerPart::work};

bool is_directory(int descriptor) {
    struct stat found {};
    return ::fstat(descriptor, &found) == 0 && S_ISDIR(found.st_mode);
}

Result<UniqueFd> listen_at(const std::string& path) {
    const auto address = platform::UnixAddress::of(path);
    if (!address) {
        return address.error();
    }
    ::unlink(path.c_str());  // what a crash left
    UniqueFd socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket) {
        return platform::system_error(errno, path);
    }
    // Root comes without the power to override modes; whoever else comes is turned away.
    if (address->bind(socket.get()) != 0 || ::chmod(path.c_str(), 0666) != 0 ||
        ::listen(socket.get(), most_conversations) != 0) {
        return platform::system_error(errno, path);
    }
    return socket;
}

}  // namespace

struct Handovers::Conversation {
    stream_descriptor socket;
    boost::asio::steady_timer limit;
};

Handovers::Handovers(boost::asio::io_context& loop, House house)
    : loop_{loop},
      house_{std::move(house)},
      directories_{std::make_shared<platform::HandedOver>()},
      pause_{loop} {}

Handovers::~Handovers() {
    if (acceptor_) {
        ::unlink(path_.c_str());
    }
}

void Handovers::restore(std::vector<platform::KeptDescriptor>&& kept) {
    for (auto& [name, descriptor] : kept) {
        const auto of = actions::parse_descriptor_name(name);
        if (of && is_directory(descriptor.get())) {
            directories_->put(of->runner, of->part, std::move(descriptor));
        } else {
            platform::forget_descriptors(name);
        }
    }
}

Result<void> Handovers::listen(const std::string& runtime_dir, std::uint32_t giver) {
    const auto path = runtime_dir + "/" + std::string{actions::handover_socket};
    auto socket = listen_at(path);
    if (!socket) {
        return socket.error();
    }
    path_ = path;
    giver_ = giver;
    acceptor_.emplace(loop_, socket->release());
    accept();
    return {};
}

void Handovers::accept() {
    acceptor_->async_wait(stream_descriptor::wait_read,
                          [this](const boost::system::error_code& cancelled) {
                              if (!cancelled) {
                                  greet();
                              }
                          });
}

void Handovers::greet() {
    UniqueFd socket{
        ::accept4(acceptor_->native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket) {  // no descriptor is free: whoever waits there would be heard of without end
        pause_.expires_after(pause_for_breath);
        pause_.async_wait([this](const boost::system::error_code& cancelled) {
            if (!cancelled) {
                accept();
            }
        });
        return;
    }
    const auto peer = platform::peer_of(socket.get());
    if (!peer) {
        house_.refused(peer.error().what);
    } else if (peer->uid != giver_) {
        house_.refused("uid " + std::to_string(peer->uid) + " is not root");
    } else if (conversations_ >= most_conversations) {
        house_.refused("too many are handed over at once");
    } else {
        ++conversations_;
        hear(std::make_shared<Conversation>(
            Conversation{.socket = stream_descriptor{loop_, socket.release()},
                         .limit = boost::asio::steady_timer{loop_, longest_silence}}));
    }
    accept();
}

void Handovers::hear(const std::shared_ptr<Conversation>& conversation) {
    conversation->limit.async_wait([conversation](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            conversation->socket.cancel();
        }
    });
    conversation->socket.async_wait(
        stream_descriptor::wait_read,
        [this, conversation](const boost::system::error_code& cancelled) {
            --conversations_;
            conversation->limit.cancel();
            const auto taken = cancelled ? Result<void>{Error{Errc::timeout, "it said nothing"}}
                                         : take(conversation->socket.native_handle());
            if (!taken) {
                house_.refused(taken.error().what);
            }
        });
}

Result<void> Handovers::take(int socket) {
    auto message = platform::receive_descriptors(socket, actions::longest_handover);
    if (!message) {
        return message.error();
    }
    const auto handover = actions::parse_handover(message->text);
    if (!handover) {
        return handover.error();
    }
    auto& directories = message->descriptors;
    if (directories.size() != handover->parts.size() ||
        !std::ranges::all_of(directories,
                             [](const UniqueFd& one) { return is_directory(one.get()); })) {
        return Error{Errc::malformed, handover->runner + ": other descriptors than it says"};
    }
    keep(*handover, std::move(directories));
    return platform::send_descriptors(socket, actions::handover_answer, {});
}

// With what the service manager keeps of it.
void Handovers::drop(const std::string& runner) {
    directories_->drop(runner);
    for (const auto part : parts) {
        platform::forget_descriptors(actions::descriptor_name(runner, part));
    }
}

void Handovers::keep(const actions::Handover& handover, std::vector<UniqueFd> directories) {
    drop(handover.runner);
    for (std::size_t at = 0; at < directories.size(); ++at) {
        const auto part = handover.parts[at];
        platform::keep_descriptor(actions::descriptor_name(handover.runner, part),
                                  directories[at].get());
        directories_->put(handover.runner, part, std::move(directories[at]));
    }
    house_.taken(handover);
}

void Handovers::follow(const Snapshot& snapshot) {
    if (!is_settled(snapshot)) {
        return;
    }
    for (const auto& runner : directories_->runners()) {
        if (std::ranges::find(snapshot.facts.runners, runner, &Runner::name) !=
            snapshot.facts.runners.end()) {
            continue;
        }
        drop(runner);
        house_.let_go(runner);
    }
}

}  // namespace paws::agent
