#include "platform/program.h"

#include "core/text.h"
#include "platform/root_fs.h"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <unistd.h>

namespace paws::platform {

namespace {

std::string own_directory() {
    std::array<char, 4096> target{};
    const auto length = ::readlink("/proc/self/exe", target.data(), target.size());
    const std::string_view path{target.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
    return std::string{
        path.substr(0, path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/'))};
}

}  // namespace

std::optional<std::string> find_program(std::string_view name) {
    std::vector<std::string> directories{own_directory()};
    // Read before any thread exists.
    const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
    std::string_view rest{path == nullptr ? "" : path};
    while (!rest.empty()) {
        directories.emplace_back(take_until(rest, ':'));
    }
    for (const auto& directory : directories) {
        // A relative entry of PATH would run whatever lies in the current directory.
        if (!directory.starts_with('/')) {
            continue;
        }
        auto candidate = directory + "/" + std::string{name};
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return std::nullopt;
}

Error become(const std::string& program, const std::vector<std::string>& arguments) {
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    return system_error(errno, program);
}

}  // namespace paws::platform
