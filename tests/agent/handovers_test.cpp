#include "agent/handovers.h"

#include "platform/descriptors.h"
#include "tests/support/temporary_directory.h"

#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace paws;
using namespace paws::agent;
using namespace std::chrono_literals;
using platform::RunnerPart;
using platform::UniqueFd;

namespace {

UniqueFd opened(const std::string& path, int flags = O_DIRECTORY) {
    return UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags)};
}

class Rig {
public:
    explicit Rig(std::uint32_t giver = ::getuid()) {
        REQUIRE(handovers.listen(directory.path(), giver));
    }

    UniqueFd connect() const {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        const auto path = directory.path().string() + "/handover.sock";
        std::memcpy(address.sun_path, path.c_str(), path.size());
        UniqueFd socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how connect(2) is called
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        REQUIRE(::connect(socket.get(), generic, sizeof address) == 0);
        return socket;
    }
    // The agent's answer; empty when it hung up.
    std::string say(const std::string& text, const std::vector<int>& descriptors) {
        const auto socket = connect();
        REQUIRE(platform::send_descriptors(socket.get(), text, descriptors));
        for (int count = 0; count < 4000; ++count) {
            loop.run_for(5ms);
            const auto answer = platform::receive_descriptors(socket.get(), 100);
            if (answer || answer.error().code == Errc::absent) {
                return answer ? answer->text : "";
            }
            if (!refusals.empty()) {
                return "";
            }
        }
        FAIL("no answer within twenty seconds");
        return {};
    }
    bool has(const std::string& runner, RunnerPart part = RunnerPart::root) const {
        return handovers.directories()->find(runner, part, "/usr").has_value();
    }
    static Snapshot with(const std::vector<std::string>& runners) {
        Snapshot snapshot;
        snapshot.sequence = 9;
        for (const auto& name : runners) {
            snapshot.facts.runners.emplace_back().name = name;
        }
        return snapshot;
    }

    TemporaryDirectory directory;
    boost::asio::io_context loop;
    std::vector<actions::Handover> taken;
    std::vector<std::string> gone;
    std::vector<std::string> refusals;
    Handovers handovers{loop,
                        {.taken = [this](const actions::Handover& one) { taken.push_back(one); },
                         .let_go = [this](const std::string& runner) { gone.push_back(runner); },
                         .refused = [this](const std::string& why) { refusals.push_back(why); }}};
};

}  // namespace

TEST_CASE("handovers: what the giver hands over is kept and answered") {
    Rig rig;
    const auto usr = opened("/usr");
    CHECK(rig.say("acme.a\n/usr\nroot", {usr.get()}) == "kept");
    REQUIRE(rig.taken.size() == 1);
    CHECK(rig.taken[0].runner == "acme.a");
    CHECK(rig.has("acme.a"));
    CHECK_FALSE(rig.has("acme.b"));
    CHECK(rig.refusals.empty());
}

TEST_CASE("handovers: what comes again takes the place of all that was there") {
    Rig rig;
    const auto usr = opened("/usr");
    CHECK(rig.say("acme.a\n/usr\nroot diag", {usr.get(), usr.get()}) == "kept");
    CHECK(rig.has("acme.a", RunnerPart::diag));
    CHECK(rig.say("acme.a\n/usr\nroot", {usr.get()}) == "kept");
    CHECK_FALSE(rig.has("acme.a", RunnerPart::diag));
}

TEST_CASE("handovers: nobody but the giver is heard") {
    Rig rig{::getuid() + 1};
    const auto usr = opened("/usr");
    CHECK(rig.say("acme.a\n/usr\nroot", {usr.get()}).empty());
    CHECK(rig.refusals.at(0).find("is not root") != std::string::npos);
    CHECK_FALSE(rig.has("acme.a"));
}

TEST_CASE("handovers: what is none is refused, and the next is heard") {
    const auto usr = opened("/usr");
    const auto file = opened("/etc/passwd", 0);
    const std::vector<std::pair<std::string, std::vector<int>>> bad{
        {"acme.a\n/usr\nroot", {}},
        {"acme.a\n/usr\nroot diag", {usr.get()}},
        {"acme.a\n/usr\nroot", {usr.get(), usr.get()}},
        {"acme.a\n/usr\nroot", {file.get()}},
        {"../a\n/usr\nroot", {usr.get()}},
        {std::string(9000, 'a'), {usr.get()}}};
    for (const auto& [text, descriptors] : bad) {
        Rig rig;
        CHECK(rig.say(text, descriptors).empty());
        CHECK(rig.taken.empty());
        rig.refusals.clear();
        CHECK(rig.say("acme.a\n/usr\nroot", {usr.get()}) == "kept");
    }
}

TEST_CASE("handovers: of more at once than it listens to, who is dropped is told of") {
    Rig rig;
    std::vector<UniqueFd> silent;
    for (int count = 0; count < 8; ++count) {
        silent.push_back(rig.connect());
        rig.loop.run_for(20ms);
    }
    CHECK(rig.refusals.empty());
    const auto ninth = rig.connect();
    for (int count = 0; count < 4000 && rig.refusals.empty(); ++count) {
        rig.loop.run_for(5ms);
    }
    REQUIRE(rig.refusals.size() == 1);
    CHECK(rig.refusals[0].find("at once") != std::string::npos);
}

TEST_CASE("handovers: without a free descriptor it waits for one, and does not spin") {
    Rig rig;
    const auto usr = opened("/usr");
    // UBSan checks a type by a pipe, and once: all there are it sees before none can be opened.
    CHECK(rig.say("acme.first\n/usr\nroot", {usr.get()}) == "kept");
    const auto waiting = rig.connect();
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const UniqueFd next = opened("/");  // the lowest number that is free
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next.get()), .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto handled = rig.loop.run_for(250ms);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(handled < 10);
    CHECK(rig.say("acme.a\n/usr\nroot", {usr.get()}) == "kept");
}

TEST_CASE("handovers: those of runners that are no more are let go") {
    Rig rig;
    const auto usr = opened("/usr");
    rig.say("acme.a\n/usr\nroot", {usr.get()});
    rig.say("acme.b\n/usr\nroot", {usr.get()});
    rig.handovers.follow(Rig::with({"acme.b", "acme.c"}));
    CHECK(rig.gone == std::vector<std::string>{"acme.a"});
    CHECK_FALSE(rig.has("acme.a"));
    CHECK(rig.has("acme.b"));
}

TEST_CASE("handovers: what the service manager kept is taken, all else is left") {
    Rig rig;
    std::vector<platform::KeptDescriptor> kept;
    kept.push_back({.name = "diag@acme.a", .descriptor = opened("/usr")});
    kept.push_back({.name = "root@acme.b", .descriptor = opened("/etc/passwd", 0)});
    kept.push_back({.name = "stored", .descriptor = opened("/usr")});
    rig.handovers.restore(std::move(kept));
    CHECK(rig.has("acme.a", RunnerPart::diag));
    CHECK(rig.handovers.directories()->runners() == std::vector<std::string>{"acme.a"});
}
