#include "collectors/github_api.h"

#include <algorithm>
#include <utility>

namespace paws::collectors {

namespace {

using namespace std::chrono_literals;

constexpr auto errand_patience = 30s;  // with all scopes of an errand; the rest waits for the next
constexpr auto answer_patience = 1min;
constexpr auto longest_pause = std::chrono::nanoseconds{5min};

// How long a scope that failed that often in a row is left alone.
std::chrono::nanoseconds pause_after(unsigned failures, std::chrono::nanoseconds interval) {
    constexpr unsigned most_doublings = 3;
    return std::min(interval * (1U << std::min(failures - 1, most_doublings)), longest_pause);
}

}  // namespace

struct GithubApiCollector::Errand {
    GithubRunners runners;
    GithubClient::Clock clock;
    std::vector<std::string> scopes;

    // On the straggler's thread.
    Answers run() {
        Answers answers;
        const auto begun = clock().boot;
        for (const auto& scope : scopes) {
            if (clock().boot - begun > errand_patience) {
                break;
            }
            answers.insert_or_assign(scope, runners.list(scope));
            if (answers.at(scope)
                    .limits.wait) {  // what GitHub asks for holds for the whole credential
                break;
            }
        }
        return answers;
    }
};

GithubApiCollector::GithubApiCollector(const GithubSettings& settings,
                                       GithubClient::Exchange exchange,
                                       const GithubClient::Clock& clock)
    : GithubApiCollector{settings,
                         std::make_shared<Errand>(Errand{
                             .runners = GithubRunners{{settings, std::move(exchange), clock}},
                             .clock = clock,
                             .scopes = {}})} {}

GithubApiCollector::GithubApiCollector(const GithubSettings& settings,
                                       std::shared_ptr<Errand> errand)
    : interval_{settings.interval},
      errand_{errand},
      straggler_{"github_api", [errand = std::move(errand)] { return Result{errand->run()}; }} {
    if (const auto url = platform::parse_http_url(settings.api_url)) {
        api_host_ = url->host;
    }
}

void GithubApiCollector::remember_scopes(const Facts& seen) {
    std::map<std::string, Scope> wanted;
    too_many_scopes_ = false;
    for (const auto& runner : seen.runners) {
        const auto scope = scope_of(runner, api_host_);
        if (!scope || wanted.contains(*scope)) {
            continue;
        }
        if (wanted.size() >= scope_limit) {
            too_many_scopes_ = true;
            break;
        }
        const auto known = scopes_.extract(*scope);
        wanted[*scope] = known ? known.mapped() : Scope{};
    }
    scopes_ = std::move(wanted);
}

void GithubApiCollector::absorb(const std::string& name, const ListAnswer& answer, const Now& now) {
    if (answer.limits.requests_left) {
        requests_left_ = answer.limits.requests_left;
    }
    if (answer.limits.wait) {
        next_round_ = std::max(next_round_, now.boot + *answer.limits.wait);
    }
    const auto found = scopes_.find(name);
    if (found == scopes_.end()) {
        return;
    }
    auto& scope = found->second;
    scope.tried = now.boot;
    if (answer.list) {
        scope.list = *answer.list;
        scope.lacks.reset();
        scope.failures = 0;
        return;
    }
    scope.lacks = answer.list.error();
    // Half an interval early: what is left of it is the distance of rounds.
    scope.not_before = now.boot + pause_after(++scope.failures, interval_) - interval_ / 2;
}

void GithubApiCollector::take_answers(const Now& now) {
    if (!sent_) {
        return;
    }
    if (straggler_.outstanding()) {
        if (now.boot - *sent_ > answer_patience) {
            lost_ = Error{Errc::timeout,
                          "GitHub's API: no answer; the resolver of names or a credential's file "
                          "hangs"};
        }
        return;
    }
    const auto answers = straggler_.wait({});
    sent_.reset();
    lost_.reset();
    if (!answers) {
        lost_ = answers.error();
        return;
    }
    for (const auto& [name, answer] : *answers) {
        absorb(name, answer, now);
    }
}

// Who was not asked for longest comes first: an errand may not get to all of them.
std::vector<std::string> GithubApiCollector::due(const Now& now) const {
    std::vector<std::pair<std::optional<BootTime>, std::string>> waiting;
    for (const auto& [name, scope] : scopes_) {
        if (now.boot >= scope.not_before) {
            waiting.emplace_back(scope.tried, name);
        }
    }
    std::ranges::sort(waiting);
    std::vector<std::string> names;
    names.reserve(waiting.size());
    for (auto& [tried, name] : waiting) {
        names.push_back(std::move(name));
    }
    return names;
}

Result<void> GithubApiCollector::send(const Now& now) {
    if (sent_ || now.boot < next_round_) {
        return {};
    }
    auto scopes = due(now);
    if (scopes.empty()) {
        return {};
    }
    errand_->scopes = std::move(scopes);
    next_round_ = now.boot + interval_;
    if (auto started = straggler_.start(); !started) {
        return started;
    }
    sent_ = now.boot;
    return {};
}

Result<Fill> GithubApiCollector::collect(const Facts& seen, const Now& now) {
    remember_scopes(seen);
    take_answers(now);
    if (const auto sent = send(now); !sent) {
        return sent.error();
    }
    return fill(seen);
}

Fill GithubApiCollector::fill(const Facts& seen) const {
    std::map<std::string, Sourced<ApiRunner>> found;
    for (const auto& runner : seen.runners) {
        const auto name = scope_of(runner, api_host_);
        const auto scope = name ? scopes_.find(*name) : scopes_.end();
        if (scope == scopes_.end() || !scope->second.list) {
            continue;
        }
        const auto& list = *scope->second.list;
        const auto listed = list.runners.find(*runner.files.value->settings->agent_id);
        found[runner.name] = {.value = listed == list.runners.end() ? ApiRunner{} : listed->second,
                              .taken = list.answered};
    }
    return [found = std::move(found), health = health()](Facts& draft) {
        draft.github_api = health;
        for (auto& runner : draft.runners) {
            const auto known = found.find(runner.name);
            runner.api = known == found.end() ? Sourced<ApiRunner>{} : known->second;
        }
    };
}

GithubApi GithubApiCollector::health() const {
    GithubApi health{.answered = std::nullopt, .error = {}, .requests_left = requests_left_};
    for (const auto& [name, scope] : scopes_) {
        if (scope.list && (!health.answered || health.answered->boot < scope.list->answered.boot)) {
            health.answered = scope.list->answered;
        }
    }
    if (const auto lacks = shortfall()) {
        health.error = lacks->what;
    }
    return health;
}

std::optional<Error> GithubApiCollector::shortfall() const {
    if (lost_) {
        return lost_;
    }
    std::optional<Error> found;
    int others = 0;
    for (const auto& [name, scope] : scopes_) {
        if (scope.lacks && !found) {
            found = Error{scope.lacks->code, name.substr(1) + ": " + scope.lacks->what};
        } else if (scope.lacks) {
            ++others;
        }
    }
    if (found && others > 0) {
        found->what += "; " + std::to_string(others) + " more like this";
    }
    if (!found && too_many_scopes_) {
        return Error{Errc::unavailable,
                     "more than " + std::to_string(scope_limit) +
                         " repositories or organisations: the rest is not asked for"};
    }
    return found;
}

}  // namespace paws::collectors
