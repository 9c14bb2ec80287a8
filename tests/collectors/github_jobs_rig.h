// GitHub as the tests of its waiting jobs see it, and the collector in front of it.

#pragma once

#include "collectors/github_jobs.h"
#include "tests/support/facts.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
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

namespace paws::collectors::jobs_rig {

using namespace std::chrono_literals;
using platform::HttpAnswer;

inline const std::string runs = "/repos/acme/widgets/actions/runs";
inline const std::string queued_runs = runs + "?status=queued&per_page=100";
inline const std::string active_runs = runs + "?status=in_progress&per_page=100";
inline constexpr auto no_runs = R"({"total_count":0,"workflow_runs":[]})";

inline std::string jobs_of(std::uint64_t run) {
    return runs + "/" + std::to_string(run) + "/jobs?filter=latest&per_page=100";
}

// GitHub on the other side of the straggler: what it answers to which target.
struct Github {
    std::mutex mutex;
    std::vector<std::string> asked;
    std::vector<std::string> remembered;  // those of which an answer was still held
    std::map<std::string, std::string> bodies;
    unsigned status = 200;
    std::uint64_t left = 5000;  // of the rate limit
    std::string date = "Mon, 12 Jan 2026 08:10:00 GMT";
    std::vector<platform::HttpHeader> headers;  // more of them

    // What is unchanged since it was asked for is called so.
    platform::HttpResult ask(const platform::HttpRequest& request) {
        const std::lock_guard lock{mutex};
        const auto& target = request.url.target;
        asked.push_back(target);
        const auto body = bodies.find(target);
        HttpAnswer answer{.status = body == bodies.end() ? 404 : status,
                          .headers = headers,
                          .body = body == bodies.end() ? "{}" : body->second};
        const auto etag = "W/" + std::to_string(std::hash<std::string>{}(answer.body));
        answer.headers.push_back({"Date", date});
        answer.headers.push_back({"x-ratelimit-remaining", std::to_string(left)});
        answer.headers.push_back({"ETag", etag});
        const auto known =
            std::ranges::find(request.headers, "If-None-Match", &platform::HttpHeader::name);
        if (known != request.headers.end()) {
            remembered.push_back(target);
        }
        if (answer.status == 200 && known != request.headers.end() && known->value == etag) {
            answer.status = 304;
            answer.body.clear();
        }
        return answer;
    }
    void turns(unsigned answer, std::vector<platform::HttpHeader> more = {}) {
        const std::lock_guard lock{mutex};
        status = answer;
        headers = std::move(more);
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
        for (int tries = 0; tries < 20'000; ++tries) {
            tick(at);
            if (condition()) {
                return true;
            }
            std::this_thread::sleep_for(1ms);
        }
        return false;
    }
    // What a round at that time asks for, beside a repository that is asked in any case: what
    // GitHub tells of that one is there when the whole round is over.
    std::vector<std::string> round(std::chrono::nanoseconds at) {
        const auto name = "zz-" + std::to_string(++rounds_);
        add(name, 1000 + rounds_, "https://github.com/acme/" + name);
        github->has_no_runs("/repos/acme/" + name + "/actions/runs");
        for (auto& runner : facts.runners) {
            runner.api.taken = later(at);
        }
        const auto before = github->count();
        REQUIRE(until(at, [&] { return facts.runners.back().waiting.value.has_value(); }));
        facts.runners.pop_back();
        const std::lock_guard lock{github->mutex};
        std::vector<std::string> asked{github->asked.begin() + static_cast<long>(before),
                                       github->asked.end()};
        std::erase_if(asked, [&](const auto& target) {
            return target.find("/" + name + "/") != std::string::npos;
        });
        return asked;
    }
    void tick(std::chrono::nanoseconds at) { REQUIRE(collect_into(facts, collector, later(at))); }
    // A tick with time for a question that there should not be.
    void is_left_alone(std::chrono::nanoseconds at) {
        facts.runners[0].api.taken = later(at);
        tick(at);
        std::this_thread::sleep_for(5ms);
    }
    const Runner& runner(std::size_t number = 0) const { return facts.runners.at(number); }
    bool told() const { return runner().waiting.value.has_value(); }
    std::string error() const {
        const auto lacks = collector.shortfall();
        return lacks ? lacks->what : "";
    }
    // One job after the other, as its lines and its hook tell.
    Job& ran_job(const std::string& repository, std::uint64_t run, WallTime started) {
        auto& log = facts.runners[0].log.value;
        auto& job = (log ? *log : log.emplace()).finished.emplace_back();
        job.started = started;
        job.finished = noon.wall - 1min;
        job.identity = JobIdentity{.repository = repository,
                                   .workflow = "CI",
                                   .job = "deploy",
                                   .run_id = run,
                                   .run_attempt = 1};
        return job;
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
    std::uint64_t rounds_ = 0;
    TemporaryDirectory dir_;
    GithubSettings settings_{.token_file = (dir_.path() / "token").string()};

public:
    GithubJobsCollector collector{
        settings_,
        [github = github](const platform::HttpRequest& request, const platform::HttpOptions&) {
            return github->ask(request);
        },
        [] { return noon; }};
};

inline constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};

}  // namespace paws::collectors::jobs_rig
