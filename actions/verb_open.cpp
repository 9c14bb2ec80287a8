#include "actions/verb_open.h"

#include "actions/handover.h"
#include "platform/descriptors.h"
#include "platform/peer.h"
#include "platform/unix_socket.h"

#include <cerrno>
#include <cstddef>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

namespace paws::actions {

namespace {

using platform::RunnerPart;
using platform::UniqueFd;

constexpr timeval patience{5, 0};

struct Opened {
    Handover handover;
    std::vector<UniqueFd> directories;
    std::string left_out;  // and why
};

Result<void> add(Opened& opened, RunnerPart part, const Result<platform::Beneath>& found) {
    auto directory = found ? found->open_directory(".") : found.error();
    if (!directory) {
        return directory.error();
    }
    opened.handover.parts.push_back(part);
    opened.directories.push_back(*std::move(directory));
    return {};
}

// `_diag` and `_work` come with the first start and the first job. One that the runner's user has
// replaced by something else costs only itself.
Result<Opened> open_all(const RunnerPlace& place) {
    Opened opened{.handover = {.runner = place.runner, .root = place.root, .parts = {}},
                  .directories = {},
                  .left_out = {}};
    if (const auto root = add(opened, RunnerPart::root, place.directory); !root) {
        return root.error();
    }
    for (const auto& [part, name] :
         {std::pair{RunnerPart::diag, "_diag"}, std::pair{RunnerPart::work, "_work"}}) {
        if (const auto added = add(opened, part, own_directory(place, name)); !added) {
            opened.left_out += "; left out: " + added.error().what;
        }
    }
    return opened;
}

// The directory of the socket is the agent's alone: whoever else could write there could listen in
// its place.
Result<void> check_directory(const std::string& path, std::uint32_t agent_uid) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        return platform::system_error(errno, path);
    }
    const bool others_write = (found.st_mode & unsigned{S_IWGRP | S_IWOTH}) != 0;
    return S_ISDIR(found.st_mode) && found.st_uid == agent_uid && !others_write
               ? Result<void>{}
               : Result<void>{Error{Errc::denied, path + ": is not the agent's alone"}};
}

Result<UniqueFd> connect_to(const std::string& path) {
    const auto address = platform::UnixAddress::of(path);
    if (!address) {
        return address.error();
    }
    UniqueFd socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (address->connect(socket.get()) != 0) {
        const int reason = errno;
        return Error{Errc::unavailable,
                     platform::system_error(reason, path).what + "; does paws-agent run?"};
    }
    return socket;
}

Result<UniqueFd> connect_to_agent(const std::string& runtime_dir, std::uint32_t agent_uid) {
    if (const auto checked = check_directory(runtime_dir, agent_uid); !checked) {
        return checked.error();
    }
    const auto path = runtime_dir + "/" + std::string{handover_socket};
    auto socket = connect_to(path);
    const auto peer = socket ? platform::peer_of(socket->get()) : socket.error();
    if (!peer) {
        return peer.error();
    }
    if (peer->uid != agent_uid) {
        return Error{Errc::denied,
                     path + ": uid " + std::to_string(peer->uid) +
                         " listens there, not the agent; nothing was handed over"};
    }
    return socket;
}

}  // namespace

Result<std::string> open_runner(const RunnerPlace& place,
                                const std::string& runtime_dir,
                                std::uint32_t agent_uid) {
    const auto opened = open_all(place);
    if (!opened) {
        return opened.error();
    }
    const auto socket = connect_to_agent(runtime_dir, agent_uid);
    if (!socket) {
        return socket.error();
    }
    std::vector<int> descriptors;
    for (const auto& directory : opened->directories) {
        descriptors.push_back(directory.get());
    }
    const auto text = to_text(opened->handover);
    if (const auto sent = platform::send_descriptors(socket->get(), text, descriptors); !sent) {
        return sent.error();
    }
    const auto answer = platform::receive_descriptors(socket->get(), longest_handover);
    if (!answer || answer->text != handover_answer) {
        return Error{Errc::unavailable, "the agent did not keep the directories; see its journal"};
    }
    return "handed over of " + place.root + ": " + text.substr(text.rfind('\n') + 1) +
           opened->left_out;
}

}  // namespace paws::actions
