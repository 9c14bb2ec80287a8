// FuseServer: a real FUSE file system whose process can stop answering, as a hung one does.

#pragma once

#include "core/host_facts.h"
#include "platform/unique_fd.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace paws {

class FuseServer {
public:
    // Mounts itself at `directory`; throws std::system_error where the kernel refuses.
    FuseServer(const std::string& directory, const FilesystemUsage& usage);
    FuseServer(const FuseServer&) = delete;
    FuseServer& operator=(const FuseServer&) = delete;
    ~FuseServer();

    static bool possible();  // /dev/fuse is there and may be opened

    void stop_answering() { set_answering(false); }
    void answer_again() { set_answering(true); }

private:
    void set_answering(bool answering);
    void serve();
    bool answer_one();  // false once it is unmounted

    std::string directory_;
    FilesystemUsage usage_;
    platform::UniqueFd device_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool answering_ = true;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

}  // namespace paws
