// FixtureHost: a made-up root file system for one test: files of /proc and /sys, no kernel behind.

#pragma once

#include "platform/root_fs.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace paws {

class FixtureHost {
public:
    void write(const std::string& path, std::string_view text) const {
        const auto file = directory_.path() / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream{file, std::ios::binary} << text;
    }
    void remove(const std::string& path) const {
        std::filesystem::remove_all(directory_.path() / path);
    }
    void write_process(int pid,
                       int parent,
                       const std::string& comm,
                       std::uint64_t start = 0) const {
        write("proc/" + std::to_string(pid) + "/stat",
              std::to_string(pid) + " (" + comm + ") S " + std::to_string(parent) +
                  " 1 2 0 -1 4194560 9 0 0 0 1 2 0 0 20 0 4 0 " +
                  std::to_string(start == 0 ? static_cast<std::uint64_t>(pid) : start) +
                  " 1000 20 0\n");
    }

    platform::RootFs root() const { return *platform::RootFs::open(directory_.path().string()); }
    const std::filesystem::path& path() const { return directory_.path(); }

private:
    TemporaryDirectory directory_;
};

}  // namespace paws
