#include "collectors/github_api.h"

#include "tests/support/facts.h"
#include "tests/support/temporary_directory.h"

#include <condition_variable>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

// GitHub on the other side of the straggler: what it answers, and what it was asked.
struct Github {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> asked;
    platform::HttpAnswer answer;
    bool open = true;  // false: it lets everybody wait

    // Each answer says how often it was asked, by what it leaves of the rate limit.
    platform::HttpResult ask(const platform::HttpRequest& request) {
        std::unique_lock lock{mutex};
        asked.push_back(request.url.target);
        changed.wait(lock, [&] { return open; });
        auto said = answer;
        said.headers.push_back({"x-ratelimit-remaining", std::to_string(5000 - asked.size())});
        return said;
    }
    void let_through(bool through) {
        const std::lock_guard lock{mutex};
        open = through;
        changed.notify_all();
    }
    void says(platform::HttpAnswer next) {
        const std::lock_guard lock{mutex};
        answer = std::move(next);
    }
    std::size_t count() {
        const std::lock_guard lock{mutex};
        return asked.size();
    }
};

platform::HttpAnswer list(const std::string& runners, std::uint64_t total) {
    return {
        .status = 200,
        .headers = {},
        .body = "{\"total_count\":" + std::to_string(total) + ",\"runners\":[" + runners + "]}"};
}
const auto online = list(R"({"id":42,"status":"online","busy":true})", 1);

class Rig {
public:
    Rig() {
        std::ofstream{settings_.token_file} << "ghp_secret";
        ::chmod(settings_.token_file.c_str(), 0600);
        github->says(online);
    }
    ~Rig() { github->let_through(true); }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    void add(const std::string& name,
             std::uint64_t id,
             const std::string& url = "https://github.com/acme/widgets") {
        auto& runner = facts.runners.emplace_back(unmanaged(name, "/srv/" + name));
        auto& settings = runner.files.value.emplace().settings.emplace();
        settings.github_url = url;
        settings.agent_id = id;
    }
    void tick(std::chrono::nanoseconds at) { REQUIRE(collect_into(facts, collector, later(at))); }
    // Ticks at one and the same time until the errand is back. No other one is sent meanwhile.
    void until(std::chrono::nanoseconds at, const std::function<bool()>& condition) {
        for (int tries = 0; tries < 20'000; ++tries) {
            tick(at);
            if (condition()) {
                return;
            }
            std::this_thread::sleep_for(1ms);
        }
        FAIL("not in time");
    }
    std::string error() const {
        const auto lacks = collector.shortfall();
        return lacks ? lacks->what : "";
    }
    const Sourced<ApiRunner>& api(std::size_t runner = 0) const {
        return facts.runners.at(runner).api;
    }

    std::shared_ptr<Github> github = std::make_shared<Github>();
    Facts facts;

private:
    TemporaryDirectory dir_;
    GithubSettings settings_{.token_file = (dir_.path() / "token").string()};

public:
    GithubApiCollector collector{
        settings_,
        [github = github](const platform::HttpRequest& request, const platform::HttpOptions&) {
            return github->ask(request);
        },
        [] { return noon; }};
};

}  // namespace

TEST_CASE("github_api: what GitHub says of a runner, when it has said it, and what it leaves us") {
    Rig rig;
    rig.add("build-01", 42);
    rig.until(0s, [&] { return rig.api().value.has_value(); });
    CHECK(rig.api().value->registration == Registration::online);
    CHECK(rig.api().value->busy);
    CHECK(rig.api().taken.boot == noon.boot);
    REQUIRE(rig.facts.github_api);
    CHECK(rig.facts.github_api->requests_left == 4999);
    CHECK(rig.facts.github_api->answered->boot == noon.boot);
    CHECK(rig.facts.github_api->error.empty());
    CHECK(rig.error().empty());
    CHECK(rig.github->count() == 1);
}

TEST_CASE("github_api: a tick never waits, and what does not come back is told and taken later") {
    Rig rig;
    rig.add("build-01", 42);
    rig.github->let_through(false);
    for (auto at = 0s; at <= 60s; at += 5s) {
        rig.tick(at);
    }
    CHECK_FALSE(rig.api().value);
    CHECK(rig.error().empty());
    rig.tick(61s);
    CHECK(rig.error().find("no answer") != std::string::npos);
    CHECK(rig.facts.github_api->error == rig.error());
    rig.tick(10min);
    CHECK(rig.github->count() <= 1);
    rig.github->let_through(true);
    rig.until(10min, [&] { return rig.api().value.has_value(); });
    CHECK(rig.error().empty());
}

TEST_CASE("github_api: one list a scope and interval, however many runners and ticks") {
    Rig rig;
    rig.add("a", 42);
    rig.add("b", 43);
    rig.add("c", 44, "https://github.com/acme");
    rig.until(0s, [&] { return rig.github->count() == 2 && rig.api(2).value; });
    for (auto at = 0s; at < 60s; at += 1s) {
        rig.tick(at);
    }
    CHECK(rig.github->count() == 2);
    rig.until(60s, [&] { return rig.github->count() == 4; });
}

TEST_CASE("github_api: who is not in a whole list is absent, a list that failed changes nothing") {
    Rig rig;
    rig.add("build-01", 42);
    rig.add("build-02", 43);
    rig.until(0s, [&] { return rig.api().value.has_value(); });
    REQUIRE(rig.api(1).value);
    CHECK(rig.api(1).value->registration == Registration::absent);

    rig.github->says(platform::HttpAnswer{.status = 503, .headers = {}, .body = {}});
    rig.until(60s, [&] { return !rig.error().empty(); });
    CHECK(rig.error() == "repos/acme/widgets: GitHub's API answers 503");
    CHECK(rig.facts.github_api->error == rig.error());
    CHECK(rig.api().value->registration == Registration::online);
    CHECK(rig.api().taken.boot == noon.boot);

    rig.github->says(list("", 0));
    rig.until(120s, [&] { return rig.error().empty(); });
    CHECK(rig.api().value->registration == Registration::absent);
}

TEST_CASE("github_api: a runner in unknown words is neither registered nor absent") {
    Rig rig;
    rig.add("build-01", 42);
    rig.github->says(list(R"({"id":42,"status":"asleep"})", 1));
    rig.until(0s, [&] { return rig.facts.github_api->answered.has_value(); });
    CHECK_FALSE(rig.api().value);
}

TEST_CASE("github_api: without an id, without settings or of another server nobody is asked") {
    Rig rig;
    rig.add("a", 42, "https://ghes.example/acme");
    rig.add("b", 42);
    rig.facts.runners[1].files.value->settings->agent_id.reset();
    rig.facts.runners.push_back(unmanaged("c", "/srv/c"));
    rig.tick(0s);
    rig.tick(60s);
    CHECK(rig.github->count() == 0);
    CHECK(rig.error().empty());
}

TEST_CASE("github_api: a runner whose settings change is not told what another's list said") {
    Rig rig;
    rig.add("build-01", 42);
    rig.until(0s, [&] { return rig.api().value.has_value(); });
    rig.facts.runners[0].files.value->settings->github_url = "https://github.com/acme/other";
    rig.tick(1s);
    CHECK_FALSE(rig.api().value);
    CHECK(rig.github->count() == 1);
}

TEST_CASE("github_api: who fails is asked less and less often, and once a list comes as before") {
    Rig rig;
    rig.add("build-01", 42);
    rig.github->says(platform::HttpAnswer{.status = 401, .headers = {}, .body = {}});
    std::size_t asked = 0;
    const auto is_asked = [&](std::chrono::seconds at) {
        ++asked;
        rig.until(at, [&] { return rig.facts.github_api->requests_left == 5000 - asked; });
        CHECK(rig.github->count() == asked);
    };
    const auto is_left_alone = [&](std::chrono::seconds from, std::chrono::seconds to) {
        for (auto at = from; at < to; at += 5s) {
            rig.tick(at);
        }
    };
    is_asked(0s);
    is_left_alone(5s, 60s);
    is_asked(60s);
    is_left_alone(65s, 150s);
    is_asked(180s);
    is_left_alone(185s, 390s);
    is_asked(420s);
    is_left_alone(425s, 690s);
    is_asked(720s);  // five minutes at most
    is_left_alone(725s, 990s);
    rig.github->says(online);
    is_asked(1020s);
    is_left_alone(1025s, 1080s);
    is_asked(1080s);
}

TEST_CASE("github_api: Retry-After holds for all scopes, longer than the interval") {
    Rig rig;
    rig.add("a", 42);
    rig.add("b", 43, "https://github.com/acme");
    rig.github->says(
        platform::HttpAnswer{.status = 429, .headers = {{"Retry-After", "600"}}, .body = {}});
    rig.until(0s, [&] { return !rig.error().empty(); });
    CHECK(rig.github->count() == 1);
    rig.github->says(online);
    for (auto at = 0s; at < 600s; at += 10s) {
        rig.tick(at);
    }
    CHECK(rig.github->count() == 1);
    rig.until(600s, [&] { return rig.github->count() == 3; });
}

TEST_CASE("github_api: job code that names many places makes no more than so many lists") {
    Rig rig;
    for (int at = 0; at < 40; ++at) {
        rig.add("r" + std::to_string(at), 42, "https://github.com/acme/w" + std::to_string(at));
    }
    rig.until(0s, [&] { return !rig.error().empty() && rig.github->count() == scope_limit; });
    CHECK(rig.error().find("more than 32") != std::string::npos);
    for (auto& runner : rig.facts.runners) {
        runner.files.value->settings->github_url += "x";
    }
    rig.tick(30s);
    CHECK(rig.github->count() == scope_limit);
}
