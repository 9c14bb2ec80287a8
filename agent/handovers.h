// Handovers: takes the directories of runners that paws-open@ hands over on a socket, and has the
// service manager keep them over a restart of the agent. Only root is heard there. Lives on the
// loop.

#pragma once

#include "actions/handover.h"
#include "core/result.h"
#include "core/snapshot.h"
#include "platform/fd_store.h"
#include "platform/runner_directories.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace paws::agent {

class Handovers {
public:
    struct House {
        std::function<void(const actions::Handover&)> taken;
        std::function<void(const std::string& runner)> let_go;
        // A peer that is not root, says what is no handover, or is one too many.
        std::function<void(const std::string& why)> refused;
    };

    Handovers(boost::asio::io_context& loop, House house);
    Handovers(const Handovers&) = delete;
    Handovers& operator=(const Handovers&) = delete;
    Handovers(Handovers&&) = delete;
    Handovers& operator=(Handovers&&) = delete;
    ~Handovers();

    // What the service manager kept.
    void restore(std::vector<platform::KeptDescriptor>&& kept);
    // The control socket's lock says that nobody else listens in this directory. `giver` is root;
    // tests are who they are.
    Result<void> listen(const std::string& runtime_dir, std::uint32_t giver = 0);

    std::shared_ptr<const platform::HandedOver> directories() const { return directories_; }
    // Lets go of those whose runner is no more.
    void follow(const Snapshot& snapshot);

private:
    struct Conversation;

    void accept();
    void greet();
    void hear(const std::shared_ptr<Conversation>& conversation);
    Result<void> take(int socket);
    void drop(const std::string& runner);
    void keep(const actions::Handover& handover, std::vector<platform::UniqueFd> directories);

    boost::asio::io_context& loop_;
    House house_;
    std::shared_ptr<platform::HandedOver> directories_;
    std::optional<boost::asio::posix::stream_descriptor> acceptor_;
    boost::asio::steady_timer pause_;
    std::string path_;
    std::uint32_t giver_ = 0;
    int conversations_ = 0;
};

}  // namespace paws::agent
