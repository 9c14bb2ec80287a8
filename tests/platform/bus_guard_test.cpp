#include "platform/bus_guard.h"

#include "platform/straggler.h"
#include "platform/unique_fd.h"
#include "tests/support/temporary_directory.h"

#include <csignal>
#include <cstddef>
#include <future>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace paws;
using platform::BusGuard;

namespace {

// A file of two pages of 'x', mapped, that is cut to one afterwards.
class CutFile {
public:
    CutFile() {
        const auto path = directory_.path() / "file";
        const platform::UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
        const std::string text(2 * page, 'x');
        REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        mapped_ = ::mmap(nullptr, 2 * page, PROT_READ, MAP_SHARED, fd.get(), 0);
        REQUIRE(mapped_ != MAP_FAILED);
        REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(page)) == 0);
    }
    ~CutFile() { ::munmap(mapped_, 2 * page); }
    CutFile(const CutFile&) = delete;
    CutFile& operator=(const CutFile&) = delete;

    char at(std::size_t offset) const { return static_cast<const volatile char*>(mapped_)[offset]; }

    static inline const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

private:
    TemporaryDirectory directory_;
    void* mapped_ = nullptr;
};

}  // namespace

TEST_CASE("bus guard: where a mapped file was cut, zeros are read, and it says so") {
    const CutFile file;
    const BusGuard guard;
    CHECK(file.at(0) == 'x');
    CHECK_FALSE(guard.hit());
    CHECK(file.at(CutFile::page + 5) == '\0');
    CHECK(guard.hit());
    const BusGuard later;
    CHECK_FALSE(later.hit());
}

TEST_CASE("bus guard: also on a detached thread, which takes no signals of others") {
    const CutFile file;
    std::promise<char> read;
    auto answer = read.get_future();
    REQUIRE(platform::start_detached("reader", [&] {
        const BusGuard guard;
        read.set_value(file.at(CutFile::page));
    }));
    CHECK(answer.get() == '\0');
}

TEST_CASE("bus guard: outside of it SIGBUS ends the process as ever") {
    const CutFile file;
    { const BusGuard installed; }
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::_exit(file.at(CutFile::page));
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGBUS);
}
