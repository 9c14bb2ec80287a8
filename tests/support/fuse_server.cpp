#include "tests/support/fuse_server.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace paws {

namespace {

constexpr std::uint32_t block_bytes = 512;

int open_device() {
    return ::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

// False once the file system is unmounted. A request that was interrupted wants no answer any more.
bool send(int device, const fuse_out_header& head, const void* body, std::size_t size) {
    std::array<char, 256> message{};
    std::memcpy(message.data(), &head, sizeof head);
    if (size > 0) {
        std::memcpy(message.data() + sizeof head, body, size);
    }
    return ::write(device, message.data(), sizeof head + size) >= 0 || errno == ENOENT;
}

template <class Body>
bool reply(int device, std::uint64_t unique, const Body& body) {
    fuse_out_header head{};
    head.len = sizeof head + sizeof body;
    head.unique = unique;
    return send(device, head, &body, sizeof body);
}

bool refuse(int device, std::uint64_t unique) {
    fuse_out_header head{};
    head.len = sizeof head;
    head.error = -ENOSYS;
    head.unique = unique;
    return send(device, head, nullptr, 0);
}

fuse_init_out greeting() {
    fuse_init_out greeting{};
    greeting.major = FUSE_KERNEL_VERSION;
    greeting.minor = 31;
    greeting.max_write = 4096;
    return greeting;
}

fuse_attr_out root_directory() {
    fuse_attr_out root{};
    root.attr.ino = FUSE_ROOT_ID;
    root.attr.mode = S_IFDIR | 0755U;
    root.attr.nlink = 2;
    return root;
}

fuse_statfs_out space(const FilesystemUsage& usage) {
    fuse_statfs_out space{};
    space.st.bsize = block_bytes;
    space.st.frsize = block_bytes;
    space.st.blocks = usage.size_bytes / block_bytes;
    space.st.bavail = usage.avail_bytes / block_bytes;
    space.st.bfree = space.st.bavail;
    space.st.files = usage.files;
    space.st.ffree = usage.files_free;
    return space;
}

}  // namespace

bool FuseServer::possible() {
    return static_cast<bool>(platform::UniqueFd{open_device()});
}

FuseServer::FuseServer(const std::string& directory, const FilesystemUsage& usage)
    : directory_{directory}, usage_{usage}, device_{open_device()} {
    const auto options =
        "fd=" + std::to_string(device_.get()) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
    if (!device_ ||
        ::mount(
            "paws-test", directory.c_str(), "fuse.paws", MS_NOSUID | MS_NODEV, options.c_str()) !=
            0) {
        throw std::system_error{errno, std::generic_category(), "mount fuse.paws"};
    }
    thread_ = std::thread{[this] { serve(); }};
}

FuseServer::~FuseServer() {
    answer_again();
    ended_ = true;
    ::umount2(directory_.c_str(), MNT_DETACH);
    thread_.join();
}

void FuseServer::set_answering(bool answering) {
    const std::lock_guard lock{mutex_};
    answering_ = answering;
    changed_.notify_all();
}

void FuseServer::serve() {
    while (!ended_) {
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [&] { return answering_; });
        }
        pollfd readable{device_.get(), POLLIN, 0};
        constexpr int glance_ms = 20;
        if (::poll(&readable, 1, glance_ms) == 1) {
            const std::lock_guard lock{mutex_};
            if (answering_ && !answer_one()) {
                return;
            }
        }
    }
}

bool FuseServer::answer_one() {
    std::array<char, 1U << 17U> request{};
    const auto got = ::read(device_.get(), request.data(), request.size());
    fuse_in_header head{};
    if (got < static_cast<ssize_t>(sizeof head)) {
        return got < 0 && errno != ENODEV;
    }
    std::memcpy(&head, request.data(), sizeof head);
    switch (head.opcode) {
        case FUSE_INIT:
            return reply(device_.get(), head.unique, greeting());
        case FUSE_GETATTR:
            return reply(device_.get(), head.unique, root_directory());
        case FUSE_STATFS:
            return reply(device_.get(), head.unique, space(usage_));
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
        case FUSE_INTERRUPT:
            return true;  // want no answer
        default:
            return refuse(device_.get(), head.unique);
    }
}

}  // namespace paws
