// SmallRoot: a root directory with just the files a test writes into it.

#pragma once

#include "platform/root_fs.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace paws {

class SmallRoot {
public:
    // Makes the directories on the way.
    void write(const std::string& file, std::string_view text) const {
        const auto path = directory_.path() / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream{path, std::ios::binary} << text;
    }
    platform::RootFs root() const { return *platform::RootFs::open(directory_.path()); }
    std::string path() const { return directory_.path(); }

private:
    TemporaryDirectory directory_;
};

}  // namespace paws
