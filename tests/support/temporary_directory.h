// TemporaryDirectory: an empty directory that is gone, with all in it, at the end of the scope.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace paws {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        // A name without digits: the server refuses some of those for its unix sockets.
        do {
            std::string name = std::filesystem::temp_directory_path() / "paws-XXXXXX";
            std::error_code ignored;
            std::filesystem::remove(path_, ignored);
            path_ = ::mkdtemp(name.data());
        } while (path_.filename().native().find_first_of("0123456789") != std::string::npos);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace paws
