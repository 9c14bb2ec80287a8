#include "collectors/github_jobs.h"

#include "tests/support/facts.h"
#include "tests/support/temporary_directory.h"

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
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

using platform::HttpAnswer;

const std::string runs = "/repos/acme/widgets/actions/runs";
const std::string queued_runs = runs + "?status=queued&per_page=100";
const std::string active_runs = runs + "?status=in_progress&per_page=100";
constexpr auto no_runs = R"({"total_count":0,"workflow_runs":[]})";

std::string jobs_of(std::uint64_t run) {
    return runs + "/" + std::to_string(run) + "/jobs?filter=latest&per_page=100";
}

// GitHub on the other side of the straggler: what it answers to which target.
struct Github {
    std::mutex mutex;
    std::vector<std::string> asked;
    std::map<std::string, std::string> bodies;
    unsigned status = 200;
    std::uint64_t left = 5000;  // of the rate limit

    platform::HttpResult ask(const std::string& target) {
        const std::lock_guard lock{mutex};
        asked.push_back(target);
        const auto body = bodies.find(target);
        return HttpAnswer{.status = body == bodies.end() ? 404 : status,
                          .headers = {{"Date", "Mon, 12 Jan 2026 08:10:00 GMT"},
                                      {"x-ratelimit-remaining", std::to_string(left)}},
                          .body = body == bodies.end() ? "{}" : body->second};
    }
    void says(const std::string& target, const std::string& body) {
        const std::lock_guard lock{mutex};
        bodies[target] = body;
    }
    void has_no_runs(const std::string& of) {
        for (const auto* state : {"in_progress", "waiting", "pending", "queued"}) {
            says(of + "?status=" + state + "&per_page=100", no_runs);
        }
    }
    void has_runs(const std::vector<std::uint64_t>& ids, std::size_t total = 0) {
        std::string list;
        for (const auto id : ids) {
            list += (list.empty() ? "" : ",") + std::string{R"({"id":)"} + std::to_string(id) + "}";
        }
        says(queued_runs,
             R"({"total_count":)" + std::to_string(std::max(total, ids.size())) +
                 R"(,"workflow_runs":[)" + list + "]}");
    }
    void has_job(std::uint64_t run, const std::string& labels, const std::string& created) {
        says(jobs_of(run),
             R"({"total_count":1,"jobs":[{"name":"deploy","status":"queued","labels":[)" + labels +
                 R"(],"created_at":"2026-01-12T)" + created + R"(Z"}]})");
    }
    std::size_t count() {
        const std::lock_guard lock{mutex};
        return asked.size();
    }
    bool was_asked(const std::string& target) {
        const std::lock_guard lock{mutex};
        return std::ranges::find(asked, target) != asked.end();
    }
};

class Rig {
public:
    Rig() {
        std::ofstream{settings_.token_file} << "ghp_secret";
        ::chmod(settings_.token_file.c_str(), 0600);
        github->has_no_runs(runs);
        add("build-01", 42);
    }

    Runner& add(const std::string& name,
                std::uint64_t id,
                const std::string& url = "https://github.com/acme/widgets") {
        auto& runner = facts.runners.emplace_back(unmanaged(name, "/srv/" + name));
        auto& settings = runner.files.value.emplace().settings.emplace();
        settings.github_url = url;
        settings.agent_id = id;
        runner.api = {.value = ApiRunner{.registration = Registration::online,
                                         .busy = false,
                                         .labels = {"self-hosted", "linux", "gpu"}},
                      .taken = noon};
        return runner;
    }
    // Ticks at one and the same time until it is so: no other errand is sent meanwhile.
    bool until(std::chrono::nanoseconds at, const std::function<bool()>& condition) {
        for (int tries = 0; tries < 3000; ++tries) {
            tick(at);
            if (condition()) {
                return true;
            }
            std::this_thread::sleep_for(1ms);
        }
        return false;
    }
    void tick(std::chrono::nanoseconds at) { REQUIRE(collect_into(facts, collector, later(at))); }
    const Runner& runner(std::size_t number = 0) const { return facts.runners.at(number); }
    bool told() const { return runner().waiting.value.has_value(); }
    std::string error() const {
        const auto lacks = collector.shortfall();
        return lacks ? lacks->what : "";
    }
    // The runner's job, as its lines and its hook tell.
    Job& runs_job(const std::string& repository, std::uint64_t run, WallTime started) {
        auto& job = facts.runners[0].log.value.emplace().job.emplace();
        job.name = "deploy";
        job.started = started;
        job.identity = JobIdentity{.repository = repository,
                                   .workflow = "CI",
                                   .job = "deploy",
                                   .run_id = run,
                                   .run_attempt = 2};
        return job;
    }

    std::shared_ptr<Github> github = std::make_shared<Github>();
    Facts facts;

private:
    TemporaryDirectory dir_;
    GithubSettings settings_{.token_file = (dir_.path() / "token").string()};

public:
    GithubJobsCollector collector{
        settings_,
        [github = github](const platform::HttpRequest& request, const platform::HttpOptions&) {
            return github->ask(request.url.target);
        },
        [] { return noon; }};
};

constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};

}  // namespace

TEST_CASE("github_jobs: the job that waits longest of those that the runner's labels fit") {
    Rig rig;
    rig.github->has_runs({30, 20, 10});
    rig.github->has_job(10, R"("self-hosted","windows")", "08:00:00");
    rig.github->has_job(20, R"("self-hosted","GPU")", "08:04:00");
    rig.github->has_job(30, R"("self-hosted")", "08:09:00");
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    const auto& longest = rig.runner().waiting.value->longest;
    REQUIRE(longest);
    CHECK(longest->run_id == 20);
    CHECK(longest->name == "deploy");
    CHECK(longest->seconds == 360);  // by GitHub's own clock
    CHECK(rig.runner().waiting.taken.boot == noon.boot);
    CHECK(rig.github->count() == 4 + 3);
    CHECK(rig.error().empty());
}

TEST_CASE(
    "github_jobs: a job that waits in a run under way counts, and one without labels does not") {
    Rig rig;
    rig.github->says(active_runs, R"({"total_count":2,"workflow_runs":[{"id":8},{"id":7}]})");
    rig.github->has_job(7, "", "07:00:00");
    rig.github->has_job(8, R"("linux")", "08:00:00");
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    REQUIRE(rig.runner().waiting.value->longest);
    CHECK(rig.runner().waiting.value->longest->run_id == 8);
}

TEST_CASE("github_jobs: that none waits is known of a whole list only") {
    Rig rig;
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    CHECK_FALSE(rig.runner().waiting.value->longest);

    rig.github->has_runs({5}, 250);
    rig.github->has_job(5, R"("windows")", "08:00:00");
    CHECK(rig.until(60s, [&] { return !rig.told(); }));
}

TEST_CASE("github_jobs: a round asks a bounded number of questions, the oldest runs first") {
    Rig rig;
    rig.add("other", 43, "https://github.com/acme/other");
    const std::string other = "/repos/acme/other/actions/runs";
    rig.github->has_no_runs(other);
    std::vector<std::uint64_t> many;
    for (std::uint64_t run = 100; run > 0; --run) {
        many.push_back(run);
        rig.github->has_job(run, R"("windows")", "08:00:00");
    }
    rig.github->has_runs(many);
    REQUIRE(rig.until(0s, [&] { return rig.runner(1).waiting.value.has_value(); }));
    CHECK_FALSE(rig.told());
    CHECK(rig.github->count() <= job_questions);
    CHECK(rig.github->was_asked(jobs_of(1)));
    CHECK_FALSE(rig.github->was_asked(jobs_of(100)));
}

TEST_CASE("github_jobs: what was told of a repository is forgotten with the runner that named it") {
    Rig rig;
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    auto& url = rig.facts.runners[0].files.value->settings->github_url;
    const auto first = std::exchange(url, "https://github.com/acme/other");
    rig.tick(1s);
    CHECK_FALSE(rig.told());
    url = first;
    rig.tick(2s);
    CHECK_FALSE(rig.told());
}

TEST_CASE("github_jobs: nobody asks for one that is busy, an organisation's or of another server") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    rig.add("b", 43, "https://github.com/acme");
    rig.add("c", 44, "https://ghes.example/acme/widgets");
    rig.add("d", 45).api.value.reset();
    rig.tick(0s);
    rig.tick(60s);
    std::this_thread::sleep_for(20ms);
    rig.tick(120s);
    CHECK(rig.github->count() == 0);
    CHECK_FALSE(rig.told());
}

TEST_CASE("github_jobs: a failure is told, changes no fact, and is repeated less and less often") {
    Rig rig;
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    rig.github->status = 403;
    REQUIRE(rig.until(60s, [&] { return !rig.error().empty(); }));
    CHECK(rig.error().find("repos/acme/widgets: ") == 0);
    CHECK(rig.error().find("'Actions: read' for jobs") != std::string::npos);
    CHECK(rig.told());
    const auto asked = rig.github->count();
    for (auto at = 65s; at < 120s; at += 5s) {
        rig.tick(at);
    }
    CHECK(rig.github->count() == asked);
    rig.github->status = 200;
    CHECK(rig.until(180s, [&] { return rig.error().empty(); }));
}

TEST_CASE("github_jobs: a repository that cannot be asked about is told and slows no other down") {
    Rig rig;
    rig.add("astray", 43, "https://github.com/acme/a-that-is-not");
    REQUIRE(rig.until(0s, [&] { return rig.told() && !rig.error().empty(); }));
    CHECK(rig.error().find("repos/acme/a-that-is-not: ") == 0);
    for (auto at = 60s; at <= 300s; at += 60s) {
        for (auto& runner : rig.facts.runners) {
            runner.api.taken = later(at);
        }
        const auto asked = rig.github->count();
        CHECK(rig.until(at, [&] { return rig.github->count() == asked + 5; }));
    }
}

TEST_CASE("github_jobs: how long the job that runs had waited, by the run that its hook names") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    rig.runs_job("acme/widgets", 9, eight + 5s);
    const std::string attempt = runs + "/9/attempts/2/jobs?per_page=100";
    const auto job = [](int runner, const char* created, const char* started) {
        return R"({"name":"deploy","status":"in_progress","labels":[],"runner_id":)" +
               std::to_string(runner) + R"(,"created_at":"2026-01-12T)" + created +
               R"(Z","started_at":"2026-01-12T)" + started + R"(Z"})";
    };
    rig.github->says(attempt,
                     R"({"total_count":3,"jobs":[)" + job(7, "07:59:59", "08:00:05") + "," +
                         job(42, "07:58:30", "08:00:00") + "," + job(42, "07:50:00", "07:59:10") +
                         "]}");
    REQUIRE(rig.until(0s, [&] { return !rig.runner().queue_times.empty(); }));
    CHECK(rig.runner().queue_times[0].started == eight + 5s);
    CHECK(rig.runner().queue_times[0].seconds == 90);

    // Known: it is not asked for again.
    const auto asked = rig.github->count();
    rig.tick(60s);
    rig.tick(120s);
    CHECK(rig.github->count() == asked);
}

TEST_CASE("github_jobs: a job may name any run, and those of strangers are not asked about") {
    for (const auto* repository : {"evil/repo", "acme/widgets/../../x", "acme", "", "acme/other"}) {
        Rig rig;
        rig.facts.runners[0].api.value->busy = true;
        rig.runs_job(repository, 9, eight);
        rig.tick(0s);
        rig.tick(60s);
        std::this_thread::sleep_for(5ms);
        CHECK_MESSAGE(rig.github->count() == 0, repository);
    }
}

TEST_CASE("github_jobs: a run that GitHub does not know is given up after a few tries") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    rig.runs_job("acme/widgets", 9, eight);
    for (auto at = 0s; at < 20min; at += 60s) {
        const auto asked = rig.github->count();
        rig.until(at, [&] { return rig.github->count() > asked || at > 10min; });
        std::this_thread::sleep_for(2ms);
    }
    CHECK(rig.github->count() == 5);
    CHECK(rig.runner().queue_times.empty());
    CHECK(rig.error().empty());  // a job's word is no fault of ours
}

TEST_CASE("github_jobs: short jobs one after the other are all asked about, each by its own run") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    auto& log = rig.facts.runners[0].log.value.emplace();
    for (std::uint64_t run = 1; run <= 3; ++run) {
        auto& job = log.finished.emplace_back();
        job.started = eight + static_cast<int>(run) * 10s;
        job.finished = noon.wall - 1min;
        job.identity = JobIdentity{.repository = "acme/widgets",
                                   .workflow = "CI",
                                   .job = "deploy",
                                   .run_id = run,
                                   .run_attempt = 1};
        rig.github->says(runs + "/" + std::to_string(run) + "/attempts/1/jobs?per_page=100",
                         R"({"total_count":1,"jobs":[{"status":"completed","runner_id":42,)"
                         R"("created_at":"2026-01-12T08:00:00Z","started_at":"2026-01-12T08:00:)" +
                             std::to_string(run) + R"(0Z"}]})");
    }
    log.finished[0].finished = noon.wall - 1h;  // long over when this agent began
    REQUIRE(rig.until(0s, [&] { return rig.runner().queue_times.size() == 2; }));
    CHECK(rig.runner().queue_times[0].seconds == 20);
    CHECK(rig.runner().queue_times[1].seconds == 30);
    log.finished.erase(log.finished.begin(), log.finished.begin() + 2);
    rig.tick(1s);
    REQUIRE(rig.runner().queue_times.size() == 1);
    CHECK(rig.runner().queue_times[0].seconds == 30);
}

TEST_CASE("github_jobs: many repositories are asked in turns") {
    Rig rig;
    for (std::uint64_t more = 1; more <= 5; ++more) {
        const auto name = "other-" + std::to_string(more);
        rig.add(name, 42 + more, "https://github.com/acme/" + name);
        rig.github->has_no_runs("/repos/acme/" + name + "/actions/runs");
    }
    const auto known = [&] {
        return std::ranges::count_if(rig.facts.runners, [](const Runner& runner) {
            return runner.waiting.value.has_value();
        });
    };
    REQUIRE(rig.until(0s, [&] { return known() == 3; }));
    for (auto& runner : rig.facts.runners) {
        runner.api.taken = later(60s);
    }
    CHECK(rig.until(60s, [&] { return known() == 6; }));
}

TEST_CASE("github_jobs: nothing is asked with what others may need of the rate limit") {
    Rig rig;
    rig.github->left = 999;
    rig.tick(0s);
    CHECK(rig.until(0s, [&] { return rig.github->count() == 1; }));
    CHECK(rig.until(60s, [&] { return rig.github->count() == 2; }));
    CHECK_FALSE(rig.told());
}

TEST_CASE(
    "github_jobs: labels that GitHub did not tell, and a time that cannot be read, are unknown") {
    Rig rig;
    rig.facts.runners[0].api.value->labels.clear();
    rig.github->has_runs({5});
    rig.github->has_job(5, R"("linux")", "08:00:00");
    REQUIRE(rig.until(0s, [&] { return rig.github->count() == 5; }));
    rig.tick(1s);
    CHECK_FALSE(rig.told());
    rig.facts.runners[0].api.value->labels = {"linux"};
    CHECK(rig.until(2s, [&] { return rig.told(); }));
    rig.github->has_job(5, R"("linux")", "eight");
    CHECK(rig.until(60s, [&] { return !rig.told(); }));
}

TEST_CASE("github_jobs: an old error goes when there is nothing to ask for any more") {
    Rig rig;
    rig.github->status = 403;
    REQUIRE(rig.until(0s, [&] { return !rig.error().empty(); }));
    rig.facts.runners[0].api.value->busy = true;
    for (auto at = 60s; at < 20min; at += 60s) {
        rig.tick(at);
    }
    CHECK(rig.error().empty());
}
