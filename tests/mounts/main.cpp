// Runs the tests as PID 1 of a mount and PID namespace of their own, so that they mount what they
// like and see it as init does. 77: this machine allows no such namespace.
#define DOCTEST_CONFIG_IMPLEMENT
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int skipped = 77;

// An ordinary user is root in a user namespace of his own.
bool leave_the_host() {
    const auto uid = ::getuid();
    const auto gid = ::getgid();
    constexpr int spaces = CLONE_NEWNS | CLONE_NEWPID;
    if (uid == 0) {
        return ::unshare(spaces) == 0;
    }
    if (::unshare(spaces | CLONE_NEWUSER) != 0) {
        return false;
    }
    std::ofstream{"/proc/self/setgroups"} << "deny";
    std::ofstream{"/proc/self/uid_map"} << "0 " << uid << " 1";
    std::ofstream{"/proc/self/gid_map"} << "0 " << gid << " 1";
    return ::getuid() == 0;
}

bool arrange_mounts() {
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (!leave_the_host()) {
        std::perror("skipped: no namespaces of our own here");
        return skipped;
    }
    const auto child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG,
                SIGKILL);  // a test that hangs ends with the one that waits for it
        if (!arrange_mounts()) {
            std::perror("skipped: cannot mount here");
            return skipped;
        }
        return doctest::Context{argc, argv}.run();
    }
    int status = 0;
    const bool waited = child > 0 && ::waitpid(child, &status, 0) == child;
    // Without exit handlers: our children would be born into a namespace whose init has ended, and
    // LeakSanitizer wants one.
    ::_exit(waited && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
