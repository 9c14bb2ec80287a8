#include "agent/verbs.h"

#include "agent/config_text.h"
#include "agent/log_verbs.h"
#include "core/text.h"
#include "exporter/job_query.h"
#include "exporter/jobs_json.h"
#include "exporter/logs_json.h"
#include "exporter/status_json.h"
#include "platform/root_fs.h"

#include <map>
#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <unistd.h>

namespace paws::agent {

namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// More than the store itself takes for an answer, or to say that it takes longer.
constexpr std::chrono::seconds longest_answer_of_the_store{3};
constexpr std::string_view too_early = "the agent has just started; ask again in a second";

// The real /proc: `[agent] root` may be a recorded host's.
std::optional<std::string> cgroup_of(int pid) {
    const auto root = platform::RootFs::open("/");
    if (!root || pid <= 0) {
        return std::nullopt;
    }
    const auto text = root->read("proc/" + std::to_string(pid) + "/cgroup", 64U << 10U);
    return text ? parse_cgroup(*text) : std::nullopt;
}

std::string no_arguments_refusal(const Request& request) {
    return refusal(Refusal::usage, "'" + request.verb + "' takes no arguments");
}

}  // namespace

Verbs::Verbs(asio::io_context& loop,
             Ticker& ticker,
             const SnapshotSlot& slot,
             const Self& self,
             const LoadedConfig& loaded,
             History& history,
             Wishes& wishes,
             std::function<forwarder::Shipper*()> shipper)
    : loop_{loop},
      ticker_{ticker},
      slot_{slot},
      self_{self},
      loaded_{loaded},
      history_{history},
      wishes_{wishes},
      shipper_{std::move(shipper)},
      household_{.uid = ::geteuid(), .group = platform::group_id("paws-agent")} {}

Standing Verbs::standing(const platform::Peer& peer) const {
    const auto latest = slot_.latest();
    return standing_of({.peer = peer, .cgroup = cgroup_of(peer.pid)},
                       household_,
                       latest ? latest->facts : Facts{});
}

bool Verbs::is_operator(const platform::Peer& peer) const {
    return standing(peer).role == Role::host_operator;
}

asio::awaitable<std::string> Verbs::respond(std::string line, platform::Peer peer) {
    const auto who = standing(peer);
    auto request = parse_request(line);
    if (who.role == Role::stranger) {
        co_return refusal(Refusal::denied, who.advice);  // whatever it asked
    }
    if (!request) {
        co_return refusal(Refusal::usage, request.error().what);
    }
    const auto* permission = permission_for(request->verb);
    if (permission == nullptr) {
        co_return refusal(Refusal::usage,
                          "this agent knows no verb '" + printable(request->verb) + "'");
    }
    if (!may(who.role, *permission)) {
        co_return refusal(Refusal::denied, who.advice);
    }
    switch (permission->verb) {
        case Verb::status:
            co_return co_await status(std::move(*request));
        case Verb::runner:
            co_return co_await runner(std::move(*request));
        case Verb::jobs:
            co_return co_await jobs(std::move(*request));
        case Verb::config:
            co_return config(*request);
        case Verb::logs:
            co_return co_await logs(std::move(*request));
        case Verb::logs_follow:
            co_return follow_logs(*request, shipper_(), self_.now());
        case Verb::logs_test:
            co_return test_logs(*request, shipper_());
        case Verb::drain:
        case Verb::hold:
        case Verb::resume:
            co_return co_await wish(permission->verb, std::move(*request));
    }
    co_return refusal(Refusal::usage, "");
}

asio::awaitable<Published> Verbs::fresh() {
    auto latest = slot_.latest();
    if (!is_recent(latest, self_.now())) {
        latest = co_await ticker_.newer_than(latest ? latest->sequence : 0, patience_for_a_tick);
    }
    co_return latest;
}

asio::awaitable<std::string> Verbs::status(Request request) {
    if (!request.arguments.empty()) {
        co_return no_arguments_refusal(request);
    }
    const auto latest = co_await fresh();
    co_return latest ? answer(exporter::status_json(*latest, self_.describe()))
                     : refusal(Refusal::unavailable, too_early);
}

asio::awaitable<std::string> Verbs::logs(Request request) {
    if (!request.arguments.empty()) {
        co_return no_arguments_refusal(request);
    }
    const auto latest = co_await fresh();
    co_return latest ? answer(exporter::logs_json(*latest, self_.describe()))
                     : refusal(Refusal::unavailable, too_early);
}

asio::awaitable<std::string> Verbs::runner(Request request) {
    const auto* name = request.arguments.if_contains("name");
    if (name == nullptr || name->if_string() == nullptr || request.arguments.size() != 1) {
        co_return refusal(Refusal::usage, R"('runner' takes one argument: {"name":"..."})");
    }
    const std::string wanted{name->if_string()->c_str()};
    const auto latest = co_await fresh();
    if (!latest) {
        co_return refusal(Refusal::unavailable, too_early);
    }
    const auto found = exporter::runner_json(*latest, self_.describe(), wanted);
    co_return found ? answer(*found)
                    : refusal(Refusal::not_found,
                              "there is no runner '" + printable(wanted) +
                                  "' here; `pawsctl runners list` shows those that are");
}

// All arguments are words, as typed: {"runner":"build-01","result":"failed","since":"24h"}.
asio::awaitable<std::string> Verbs::jobs(Request request) {
    std::map<std::string, std::string> words;
    for (const auto& [key, value] : request.arguments) {
        if (value.if_string() == nullptr) {
            co_return refusal(Refusal::usage, "the arguments of 'jobs' are strings");
        }
        words.emplace(std::string{key}, std::string{value.if_string()->c_str()});
    }
    auto query = exporter::parse_job_query(words, self_.now().wall);
    if (!query) {
        co_return refusal(Refusal::usage, query.error().what);
    }
    const auto latest = co_await fresh();
    if (!latest) {
        co_return refusal(Refusal::unavailable, too_early);
    }
    if (query->runner) {
        const auto* runner = runner_meant(latest->facts, *query->runner);
        query->runner = runner != nullptr ? runner->name : *query->runner;
    }
    const auto found = co_await history_jobs(*query);
    co_return found ? answer(exporter::jobs_json(*latest, self_.describe(), *query, *found))
                    : refusal(Refusal::unavailable, found.error().what);
}

// The store's answer, which may come while nobody waits any more.
asio::awaitable<History::Jobs> Verbs::history_jobs(JobQuery query) {
    const auto waiter = std::make_shared<asio::steady_timer>(loop_, longest_answer_of_the_store);
    const auto found = std::make_shared<std::optional<History::Jobs>>();
    history_.jobs(std::move(query), [this, waiter, found](History::Jobs jobs) {
        asio::post(loop_, [waiter, found, jobs = std::move(jobs)]() mutable {
            found->emplace(std::move(jobs));
            waiter->cancel();
        });
    });
    co_await waiter->async_wait(asio::as_tuple(asio::use_awaitable));
    if (!*found) {
        co_return Error{Errc::timeout, "the database does not answer; ask again"};
    }
    co_return std::move(**found);
}

std::string Verbs::config(const Request& request) const {
    if (!request.arguments.empty()) {
        return no_arguments_refusal(request);
    }
    json::array files;
    for (const auto& file : loaded_.files) {
        files.emplace_back(printable(file, 4096));
    }
    return answer({{"text", config_text(loaded_.config)}, {"files", std::move(files)}});
}

std::optional<std::string> Verbs::resume(const Runner& runner,
                                         const WishRequest& request,
                                         const Snapshot& latest) {
    const auto reasons = policy::reasons_against_start(runner, latest.facts.host, self_.now());
    if (!reasons.empty() && !request.force) {
        std::string all;
        for (const auto& reason : reasons) {
            all += (all.empty() ? "" : "; ") + reason;
        }
        return refusal(Refusal::conflict,
                       runner.name + " is not fit to start: " + all +
                           " (or resume with --force --reason TEXT)");
    }
    wishes_.resume(runner, request.force ? "forced: " + request.note : "resumed");
    return std::nullopt;
}

// The answer says whether a restart of the agent would forget it: {"runner":..., "unit":...} and,
// when it is not on the disk, "not_kept" with the reason.
asio::awaitable<std::string> Verbs::wish(Verb verb, Request asked) {
    const auto request = parse_wish_request(verb, asked.arguments);
    if (!request) {
        co_return refusal(Refusal::usage, request.error().what);
    }
    const auto latest = slot_.latest();
    if (!latest) {
        co_return refusal(Refusal::unavailable, too_early);
    }
    const auto* runner = runner_meant(latest->facts, request->runner);
    if (runner == nullptr) {
        co_return refusal(Refusal::not_found,
                          "there is no runner '" + printable(request->runner) +
                              "' here; `pawsctl runners list` shows those that are");
    }
    if (runner->unit.empty()) {
        co_return refusal(
            Refusal::conflict,
            runner->name + " has no systemd unit, so the agent cannot stop or start it");
    }
    if (verb != Verb::resume) {
        wishes_.ask(runner->name, to_wish(*request, verb, self_.now().wall));
    } else if (auto refused = resume(*runner, *request, *latest)) {
        co_return std::move(*refused);
    }
    ticker_.wake();
    json::object done{{"runner", runner->name}, {"unit", runner->unit}};
    if (const auto kept = co_await wishes_kept(); !kept) {
        done["not_kept"] = printable(kept.error().what);
    }
    co_return answer(done);
}

asio::awaitable<Result<void>> Verbs::wishes_kept() {
    const auto waiter = std::make_shared<asio::steady_timer>(loop_, longest_answer_of_the_store);
    const auto said = std::make_shared<std::optional<Result<void>>>();
    history_.when_wishes_are_kept([waiter, said](const Result<void>& kept) {
        said->emplace(kept);
        waiter->cancel();
    });
    if (!*said) {
        co_await waiter->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return said->value_or(Error{Errc::timeout, "the database does not answer"});
}

}  // namespace paws::agent
