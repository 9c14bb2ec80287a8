#include "actions/verb_open.h"

#include "actions/handover.h"
#include "platform/descriptors.h"
#include "tests/support/temporary_directory.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace paws;
using namespace paws::actions;
using platform::RunnerPart;
using platform::UniqueFd;

namespace fs = std::filesystem;

namespace {

// A runner, and the runtime directory of an agent that is who runs the tests.
class Rig {
public:
    Rig() {
        fs::permissions(run(), fs::perms{0755});
        fs::create_directories(root() / "_diag");
        fs::create_directories(root() / "_work");
        std::ofstream{root() / ".runner"} << "{}";
    }
    std::string run() const { return runtime_.path(); }
    fs::path root() const { return directory_.path(); }

    void listen() {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        const auto path = run() + "/handover.sock";
        std::memcpy(address.sun_path, path.c_str(), path.size());
        listener_ = UniqueFd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how bind(2) is called
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        REQUIRE(::bind(listener_.get(), generic, sizeof address) == 0);
        REQUIRE(::listen(listener_.get(), 4) == 0);
    }
    // What the agent hears, which then answers.
    std::future<Result<platform::DescriptorMessage>> hear(std::string answer) {
        return std::async(std::launch::async, [this, answer = std::move(answer)] {
            const UniqueFd peer{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            auto message = platform::receive_descriptors(peer.get(), longest_handover);
            if (message && !answer.empty()) {
                static_cast<void>(platform::send_descriptors(peer.get(), answer, {}));
            }
            return message;
        });
    }
    Result<std::string> hand_over(std::uint32_t agent = ::getuid()) const {
        const auto place = open_place(*platform::RootFs::open("/"),
                                      "acme.a",
                                      {.fragment = "",
                                       .root = root().string(),
                                       .user = std::to_string(::getuid()),
                                       .control_group = ""},
                                      {});
        REQUIRE(place);
        return open_runner(*place, run(), agent);
    }

private:
    TemporaryDirectory directory_;
    TemporaryDirectory runtime_;
    UniqueFd listener_;
};

std::uint64_t inode_of(const fs::path& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_ino;
}

std::uint64_t inode_of(const UniqueFd& descriptor) {
    struct stat found {};
    REQUIRE(::fstat(descriptor.get(), &found) == 0);
    return found.st_ino;
}

}  // namespace

TEST_CASE("open: the agent gets the root, _diag and _work, in the order it is told") {
    Rig rig;
    rig.listen();
    auto heard = rig.hear("kept");
    const auto done = rig.hand_over();
    REQUIRE(done);
    CHECK(*done == "handed over of " + rig.root().string() + ": root diag work");
    const auto message = heard.get();
    REQUIRE(message);
    CHECK(parse_handover(message->text).value() ==
          Handover{.runner = "acme.a",
                   .root = rig.root().string(),
                   .parts = {RunnerPart::root, RunnerPart::diag, RunnerPart::work}});
    REQUIRE(message->descriptors.size() == 3);
    CHECK(inode_of(message->descriptors[0]) == inode_of(rig.root()));
    CHECK(inode_of(message->descriptors[1]) == inode_of(rig.root() / "_diag"));
    CHECK(inode_of(message->descriptors[2]) == inode_of(rig.root() / "_work"));
}

TEST_CASE("open: a part that is not there or a link is left out, and said") {
    Rig rig;
    fs::remove(rig.root() / "_diag");
    fs::remove(rig.root() / "_work");
    fs::create_directory_symlink("/", rig.root() / "_work");
    rig.listen();
    auto heard = rig.hear("kept");
    const auto done = rig.hand_over();
    REQUIRE(done);
    CHECK(done->find(": root; left out: ") != std::string::npos);
    CHECK(done->find("symlink") != std::string::npos);
    CHECK(heard.get()->descriptors.size() == 1);
}

TEST_CASE("open: an agent that refuses or says nothing is a failure") {
    for (const auto* const answer : {"no", ""}) {
        Rig rig;
        rig.listen();
        auto heard = rig.hear(answer);
        CHECK(rig.hand_over().error().code == Errc::unavailable);
        CHECK(heard.get());
    }
}

TEST_CASE("open: nothing goes where somebody else could listen") {
    Rig rig;
    CHECK(rig.hand_over().error().what.find("does paws-agent run?") != std::string::npos);
    rig.listen();
    CHECK(rig.hand_over(::getuid() + 1).error().what.find("not the agent's alone") !=
          std::string::npos);
    fs::permissions(rig.run(), fs::perms{0775});
    CHECK(rig.hand_over().error().code == Errc::denied);
    fs::permissions(rig.run(), fs::perms{0757});
    CHECK(rig.hand_over().error().code == Errc::denied);
}
