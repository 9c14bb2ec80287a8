// A runner of which the agent's user may see only a part: what its collectors say of it, by itself
// and with what the privileged actions gave.

#include "collectors/directory_sizes.h"
#include "collectors/filesystem.h"
#include "collectors/runner_files.h"
#include "tests/support/facts.h"
#include "tests/support/small_root.h"

#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace paws;
using namespace std::chrono_literals;
using platform::RunnerPart;
using platform::UniqueFd;

namespace fs = std::filesystem;

namespace {

class Rig {
public:
    Rig() {
        fs::permissions(host_.path(), fs::perms{0755});
        host_.write("home/runner/.runner", R"({"agentName": "build-01"})");
        host_.write("home/runner/_work/file", std::string(100'000, 'x'));
        host_.write("home/runner/_diag/trace", std::string(50'000, 'x'));
        facts_.runners.push_back(unmanaged("acme.a", "/home/runner"));
    }

    void close(const std::string& path, unsigned mode = 0700) const {
        fs::permissions(host_.path() + "/home" + path, fs::perms{mode});
    }
    void hand_over() const {
        for (const auto& [part, path] : {std::pair{RunnerPart::root, "/home/runner"},
                                         std::pair{RunnerPart::diag, "/home/runner/_diag"},
                                         std::pair{RunnerPart::work, "/home/runner/_work"}}) {
            handed_->put("acme.a",
                         part,
                         UniqueFd{::open((host_.path() + path).c_str(),
                                         O_RDONLY | O_DIRECTORY | O_CLOEXEC)});
        }
    }
    void inspect(const std::string& bytes, std::chrono::seconds at = 0s) const {
        const auto taken = std::to_string(later(at).boot.time_since_epoch().count());
        host_.write("run/paws-inspect/acme.a.json",
                    R"({"version":1,"runner":"acme.a","wall_ns":1,"boot_ns":)" + taken +
                        R"(,"directory_bytes":)" + bytes +
                        R"(,"settings":"{\"agentName\":\"inspected\"}"})");
    }
    // Two rounds of both, as nobody: the second sees what the first has found.
    const Runner& look(std::chrono::seconds at = 0s) {
        REQUIRE(::seteuid(65534) == 0);
        for (int round = 0; round < 2; ++round) {
            static_cast<void>(collect_into(facts_, files_, later(at)));
            static_cast<void>(collect_into(facts_, sizes_, later(at)));
        }
        REQUIRE(::seteuid(0) == 0);
        return facts_.runners[0];
    }

private:
    SmallRoot host_;
    std::shared_ptr<platform::HandedOver> handed_ = std::make_shared<platform::HandedOver>();
    Facts facts_;
    collectors::RunnerFilesCollector files_{platform::RunnerDirectories{host_.root(), handed_}};
    collectors::DirectorySizesCollector sizes_{platform::RunnerDirectories{host_.root(), handed_}};
};

}  // namespace

TEST_SUITE_BEGIN("root");

TEST_CASE("closed runner: a home that is closed is told, and nothing is made up" *
          doctest::skip(::getuid() != 0)) {
    Rig rig;
    rig.close("");
    const auto& runner = rig.look();
    CHECK(runner.files.value->closed);
    CHECK_FALSE(runner.files.value->settings);
    CHECK_FALSE(runner.directory_bytes.value);
    CHECK_FALSE(runner.inspection.value);
}

TEST_CASE("closed runner: what was handed over opens all that modes allow" *
          doctest::skip(::getuid() != 0)) {
    Rig rig;
    rig.close("");
    rig.hand_over();
    const auto& runner = rig.look();
    CHECK_FALSE(runner.files.value->closed);
    CHECK(runner.files.value->error.empty());
    CHECK(runner.files.value->settings->agent_name == "build-01");
    CHECK(runner.directory_bytes.value->at("work") >= 100'000);
    CHECK_FALSE(runner.sizes_closed);
    CHECK_FALSE(runner.inspection.value);
}

TEST_CASE("closed runner: only a part that is closed calls for the action" *
          doctest::skip(::getuid() != 0)) {
    Rig rig;
    CHECK_FALSE(rig.look().files.value->closed);
    rig.close("/runner");
    CHECK(rig.look().files.value->closed);
    rig.hand_over();
    CHECK_FALSE(rig.look().files.value->closed);
}

TEST_CASE("closed runner: what is closed even so comes from the inspection, with its age" *
          doctest::skip(::getuid() != 0)) {
    Rig rig;
    rig.close("/runner/_work");
    rig.close("/runner/.runner", 0600);
    const auto& blind = rig.look();
    CHECK(blind.sizes_closed);
    CHECK(blind.files.value->settings_closed);
    CHECK_FALSE(blind.files.value->settings);
    CHECK_FALSE(blind.directory_bytes.value->contains("work"));
    rig.inspect(R"({"work":7,"diag":9})");
    const auto& runner = rig.look(60s);
    CHECK(runner.files.value->settings->agent_name == "inspected");
    CHECK(runner.directory_bytes.value->at("work") == 7);
    CHECK(runner.directory_bytes.value->at("diag") >= 50'000);  // its own look counts
    CHECK(runner.directory_bytes.taken.boot == noon.boot);
    const auto& old = rig.look(40min);
    CHECK_FALSE(old.directory_bytes.value->contains("work"));
}

TEST_CASE("closed runner: an inspection of what is open is not believed" *
          doctest::skip(::getuid() != 0)) {
    Rig rig;
    rig.inspect(R"({"work":7,"update":8})");
    const auto& open = rig.look();
    CHECK(open.files.value->settings->agent_name == "build-01");
    CHECK(open.directory_bytes.value->at("work") >= 100'000);
    rig.close("/runner/.runner", 0600);
    const auto& part = rig.look(10min);
    CHECK(part.files.value->settings->agent_name == "inspected");
    CHECK(part.directory_bytes.value->at("work") >= 100'000);
    CHECK_FALSE(part.directory_bytes.value->contains("update"));
}

TEST_SUITE_END();

TEST_CASE("filesystem: the space of a mount that is closed is asked of a directory on it") {
    const SmallRoot host;
    struct stat found {};
    REQUIRE(::stat(host.path().c_str(), &found) == 0);
    const auto device =
        std::to_string(major(found.st_dev)) + ":" + std::to_string(minor(found.st_dev));
    host.write("proc/1/mountinfo",
               "22 1 " + device + " / /closed rw - ext4 /dev/sda1 rw\n" +
                   "23 1 9:99 / /other rw - ext4 /dev/sdb1 rw\n");
    const auto handed = std::make_shared<platform::HandedOver>();
    collectors::FilesystemSettings settings;
    settings.handed = handed;
    settings.usage = [](const std::string& mountpoint) -> Result<FilesystemUsage> {
        return Error{Errc::denied, mountpoint + ": Permission denied"};
    };
    collectors::FilesystemCollector collector{host.root(), settings};
    const auto seen = [&] {
        Facts draft;
        collector.collect(draft, noon).value()(draft);
        return *draft.host.filesystems.value;
    };
    for (const auto& filesystem : seen()) {
        CHECK_FALSE(filesystem.usage);
    }
    handed->put("acme.a",
                RunnerPart::root,
                UniqueFd{::open(host.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)});
    const auto now = seen();
    REQUIRE(now.size() == 2);
    CHECK(now[0].usage->size_bytes > 0);
    CHECK_FALSE(now[1].usage);
}
