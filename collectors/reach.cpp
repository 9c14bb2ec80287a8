#include "collectors/reach.h"

#include "collectors/runner_settings.h"

#include <algorithm>
#include <set>
#include <utility>

namespace paws::collectors {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t way_limit = 16;
constexpr std::size_t answer_limit = 64U << 10U;
constexpr unsigned first_server_error = 500;
constexpr unsigned proxy_wants_credentials = 407;

bool is_https(std::string_view url) {
    return url.starts_with("https://");
}

void add(std::vector<NeededServer>& servers,
         const std::string& url,
         const std::string& target,
         const std::string& proxy,
         bool polled) {
    const auto endpoint = is_https(url) ? parse_endpoint(url) : std::nullopt;
    if (!endpoint) {
        return;
    }
    const Way way{.host = endpoint->host, .port = endpoint->port, .target = target, .proxy = proxy};
    const auto known = std::ranges::find_if(servers, [&](const NeededServer& server) {
        return server.way.host == way.host && server.way.port == way.port;
    });
    if (known == servers.end()) {
        servers.push_back({.way = way, .polled = polled});
    } else {
        known->polled = known->polled || polled;
    }
}

Reach failed(const Now& asked, ReachFailure failure) {
    return {.tried = asked,
            .failure = std::move(failure),
            .seconds = 0,
            .clock_behind_seconds = std::nullopt};
}

Reach reach(const ReachCollector::Exchange& exchange,
            const ReachCollector::Clock& clock,
            const Way& way,
            std::chrono::milliseconds patience) {
    platform::HttpRequest request;
    request.url = {.secure = true, .host = way.host, .port = way.port, .target = way.target};
    request.headers = {{.name = "User-Agent", .value = "paws-runner-agent"}};
    platform::HttpOptions options;
    options.proxy = way.proxy;
    options.patience = patience;
    options.body_limit = answer_limit;
    const auto asked = clock();
    const auto answer = exchange(request, options);
    return answer ? judge_answer(*answer, asked, clock()) : failed(asked, answer.failure());
}

void take(Reach& answer, std::optional<Reach>& last, bool& doubted) {
    doubted = !doubted && answer.failure && last && !last->failure;
    if (!doubted) {
        last = std::move(answer);
    }
}

void hand_over(const std::map<std::string, Reaches>& found, Facts& draft, const Now& now) {
    for (const auto& [name, reaches] : found) {
        if (auto* runner = find_runner(draft, name)) {
            runner->reaches = {.value = reaches, .taken = now};
        }
    }
}

}  // namespace

// Paths that GitHub's own check and its health probes use (runner facts, 10).
std::vector<NeededServer> needed_servers(const RunnerSettings& settings, const std::string& proxy) {
    std::vector<NeededServer> servers;
    add(servers, settings.server_url_v2, "/health", proxy, settings.use_v2_flow);
    add(servers, settings.server_url, "/_apis/health", proxy, !settings.use_v2_flow);
    const auto github = parse_endpoint(settings.github_url);
    const bool dotcom = github && github->host == "github.com";
    add(servers, dotcom ? "https://api.github.com/" : settings.github_url, "/", proxy, false);
    return servers;
}

Reach judge_answer(const platform::HttpAnswer& answer, const Now& asked, const Now& answered) {
    Reach reach{.tried = asked,
                .failure = std::nullopt,
                .seconds = to_seconds(answered.boot - asked.boot),
                .clock_behind_seconds = std::nullopt};
    if (answer.status >= first_server_error) {
        reach.failure = {.stage = ReachStage::http,
                         .what = "the server answers " + std::to_string(answer.status)};
    } else if (answer.status == proxy_wants_credentials) {
        reach.failure = {.stage = ReachStage::proxy, .what = "the proxy wants credentials"};
    }
    const auto named = answer.header("Date");
    if (const auto date = named ? platform::parse_http_date(*named) : std::nullopt) {
        const double least = to_seconds(*date - answered.wall);
        const double most = to_seconds(*date + 1s - asked.wall);
        reach.clock_behind_seconds = least > 0 ? least : std::min(most, 0.0);
    }
    return reach;
}

ReachCollector::ReachCollector(Exchange exchange, Clock clock, const Pace& pace)
    : exchange_{std::move(exchange)}, clock_{std::move(clock)}, pace_{pace} {}

ReachCollector::Attempt& ReachCollector::attempt(const Way& way) {
    const auto known = attempts_.find(way);
    if (known != attempts_.end()) {
        return known->second;
    }
    auto question = [exchange = exchange_, clock = clock_, way, patience = pace_.patience] {
        return Result{reach(exchange, clock, way, patience)};
    };
    return attempts_
        .emplace(way,
                 Attempt{.straggler = {"reach", std::move(question)},
                         .asked = std::nullopt,
                         .last = std::nullopt,
                         .doubted = false})
        .first->second;
}

bool ReachCollector::is_due(const Attempt& attempt, const Now& now) const {
    const auto pause = attempt.doubted ? pace_.repeat : pace_.interval;
    return !attempt.asked || now.boot - attempt.asked->boot >= pause;
}

// Takes what has come, and asks again when it is time. The client bounds all but the resolver: one
// that does not come back by then hangs in that.
void ReachCollector::renew(const Way& way, Attempt& attempt, const Now& now) {
    if (attempt.straggler.outstanding()) {
        const auto waits = now.boot - attempt.asked->boot;
        if (waits > pace_.patience + 2s) {
            attempt.last = failed(
                *attempt.asked,
                {.stage = ReachStage::name, .what = "no answer from the resolver for " + way.host});
        }
        return;
    }
    if (attempt.asked) {
        if (auto answer = attempt.straggler.wait(platform::deadline_in(0ms))) {
            take(*answer, attempt.last, attempt.doubted);
        }
    }
    if (is_due(attempt, now)) {
        attempt.asked = now;
        if (const auto started = attempt.straggler.start(); !started) {
            shortfall_ = started.error();
        }
    }
}

// One runner's servers. A way that several runners share is tried once.
Reaches ReachCollector::reaches_of(const RunnerFiles& files, std::set<Way>& used, const Now& now) {
    Reaches reaches;
    for (const auto& [way, polled] : needed_servers(*files.settings, files.proxy)) {
        if (!used.contains(way) && used.size() >= way_limit) {
            shortfall_ = Error{Errc::malformed,
                               "the runners name more than " + std::to_string(way_limit) +
                                   " servers; only the first are tried"};
            continue;
        }
        auto& tried = attempt(way);
        if (used.insert(way).second) {
            renew(way, tried, now);
        }
        if (tried.last) {
            auto& reach = reaches[platform::authority(way.host, way.port)] = *tried.last;
            reach.polled = polled;
        }
    }
    return reaches;
}

Result<Fill> ReachCollector::collect(const Facts& seen, const Now& now) {
    shortfall_.reset();
    std::map<std::string, Reaches> found;
    std::set<Way> used;
    for (const auto& runner : seen.runners) {
        const auto& files = runner.files.value;
        if (files && files->settings) {
            found[runner.name] = reaches_of(*files, used, now);
        }
    }
    std::erase_if(attempts_, [&](const auto& attempt) { return !used.contains(attempt.first); });
    return Fill{[found = std::move(found), now](Facts& draft) { hand_over(found, draft, now); }};
}

}  // namespace paws::collectors
