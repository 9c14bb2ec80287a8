// The proof of a hang: when it is found, and everything that must not be taken for one.

#include "policy/hung.h"

#include "tests/policy/story.h"

#include <set>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy::testing;

namespace {

using enum ProcessRole;
using Signs = std::set<HungSign>;

}  // namespace

TEST_CASE("hung: a ghost listener is found within five minutes") {
    Story story;
    story.passes(10min).loses_sockets().passes(5min);
    CHECK(story.judged().state == RunnerState::hung);
    CHECK(story.judged().health == Health::failed);
    CHECK(story.judged().signs == Signs{HungSign::silent_sockets, HungSign::no_socket});
    CHECK(*story.first(RunnerState::hung) <= 10min + 5min);
}

TEST_CASE("hung: one sign alone is no proof, and yet not idle") {
    Story half_open;
    half_open.goes_deaf().passes(1h);
    CHECK(half_open.judged().state == RunnerState::offline);
    CHECK(half_open.judged().signs == Signs{HungSign::silent_sockets});
    CHECK_FALSE(half_open.first(RunnerState::hung));
}

TEST_CASE("hung: no connection, where this host has not tried the way itself, is one sign") {
    Story story;
    story.tries_no_way().loses_sockets().passes(1h);
    CHECK(story.judged().state == RunnerState::offline);
    CHECK(story.judged().signs == Signs{HungSign::silent_sockets});
    CHECK_FALSE(story.first(RunnerState::hung));
}

TEST_CASE("hung: GitHub's word and silence prove nothing where its servers may be out") {
    Story story;
    story.tries_no_way().goes_deaf().is_called(Registration::offline).passes(1h);
    CHECK(story.judged().state == RunnerState::offline);
    CHECK_FALSE(story.first(RunnerState::hung));
}

TEST_CASE("hung: GitHub's word and silence are proof") {
    Story story;
    story.goes_deaf().is_called(Registration::offline).passes(6min);
    CHECK(story.judged().state == RunnerState::hung);
    CHECK(story.judged().signs == Signs{HungSign::silent_sockets, HungSign::github_disagrees});
}

TEST_CASE("hung: a listener that cannot run for minutes is proof beside its silence") {
    for (const char state : {'D', 'T', 'Z'}) {
        Story story;
        story.goes_deaf().processes({shell, wrapper, listener}, state).passes(5min);
        CHECK(story.judged().state == RunnerState::hung);
        CHECK(story.judged().signs == Signs{HungSign::silent_sockets, HungSign::stuck_process});
    }
}

TEST_CASE("hung: a moment in state D, on a loaded host, is no sign") {
    Story story;
    story.goes_deaf().passes(6min).processes({shell, wrapper, listener}, 'D').passes(30s);
    CHECK(story.judged().state == RunnerState::offline);
    CHECK_FALSE(story.first(RunnerState::hung));
}

TEST_CASE("hung: bytes that wait for a stopped listener are no contact") {
    Story story;
    story.processes({shell, wrapper, listener}, 'T').is_called(Registration::offline).passes(5min);
    CHECK(story.judged().state == RunnerState::hung);
}

TEST_CASE("hung: after a night's sleep of the host nobody has noticed a silence") {
    Story story;
    story.goes_deaf().is_called(Registration::offline).sleeps(8h).passes(3min);
    CHECK_FALSE(story.first(RunnerState::hung));
    CHECK(story.judged().state == RunnerState::idle);
}

TEST_CASE("hung: GitHub's list that lags behind a working runner is no sign") {
    Story story;
    story.is_called(Registration::offline).passes(10min);
    CHECK(story.judged().state == RunnerState::idle);
    CHECK(story.judged().signs.empty());
}

TEST_CASE("hung: while this host cannot reach GitHub either, no silence is a hang") {
    for (const auto stage : {ReachStage::name,
                             ReachStage::connect,
                             ReachStage::proxy,
                             ReachStage::tls,
                             ReachStage::http}) {
        Story story;
        story.closes_the_way(stage, "no").is_called(Registration::offline).passes(2h);
        CHECK(story.judged().state == RunnerState::offline);
        CHECK_FALSE(story.first(RunnerState::hung));
    }
}

TEST_CASE("hung: after an outage a runner gets its four minutes again") {
    Story story;
    story.closes_the_way(ReachStage::connect, "timed out")
        .passes(1h)
        .opens_the_way()
        .loses_sockets();
    story.passes(4min);
    CHECK_FALSE(story.first(RunnerState::hung));
    CHECK(story.judged().state == RunnerState::offline);
    story.passes(2min);
    CHECK(story.judged().state == RunnerState::hung);
}

TEST_CASE("hung: what the runner says of its own trouble explains it while it still tries") {
    Story story;
    story.loses_sockets()
        .passes(1min)
        .prints({"T Runner connect error: Connection refused. Retrying until reconnected."})
        .passes(11min);
    CHECK_FALSE(story.first(RunnerState::hung));
    CHECK(story.judged().reason == "connect error: Connection refused");
    story.passes(6min);  // by then a V2 listener has given up and was started again
    CHECK(story.judged().state == RunnerState::hung);
}

TEST_CASE("hung: an error from before the last contact explains nothing any more") {
    Story story;
    story.prints({"T Runner connect error: x. Retrying until reconnected."})
        .passes(10min)
        .loses_sockets()
        .passes(5min);
    CHECK(story.judged().state == RunnerState::hung);
}

TEST_CASE("hung: while a job runs its lease counts, not the sockets that the job shares") {
    Story renewed;
    renewed.prints({"T Running job: build"}).processes({shell, wrapper, listener, worker});
    renewed.goes_deaf().passes(1h);
    CHECK(renewed.judged().state == RunnerState::busy);

    Story late;
    late.prints({"T Running job: build"}).processes({shell, wrapper, listener, worker});
    late.passes(10min).renews_leases(false).is_called(Registration::offline).passes(6min);
    CHECK(late.judged().state == RunnerState::hung);
    CHECK(late.judged().signs == Signs{HungSign::late_lease, HungSign::github_disagrees});
}

TEST_CASE("hung: without its trace nothing is known of a busy runner's lease") {
    Story story;
    story.prints({"T Running job: build"})
        .processes({shell, wrapper, listener, worker})
        .with([](Runner& runner) { runner.trace.value->error = "denied"; })
        .goes_deaf()
        .is_called(Registration::offline)
        .passes(1h);
    CHECK(story.judged().state == RunnerState::busy);
    CHECK_FALSE(story.judged().problems.checked.contains(Problem::lease_late));
}

TEST_CASE("hung: GitHub calls a ghost online and lets a job wait for it") {
    Story story;
    story.is_called(Registration::online).passes(2min);
    story.goes_deaf().passes(6min);
    CHECK(story.judged().state == RunnerState::offline);  // one sign
    story.lets_a_job_wait().passes(2min);
    CHECK(story.judged().state == RunnerState::offline);  // it may be given it yet
    story.passes(2min);
    CHECK(story.judged().state == RunnerState::hung);
    CHECK(story.judged().signs == Signs{HungSign::silent_sockets, HungSign::jobs_wait});
    CHECK(story.judged().blame == Blame::runner);
}

TEST_CASE(
    "hung: a job that waits proves nothing while its runner is heard, and worries after 5 min") {
    Story story;
    story.is_called(Registration::online).lets_a_job_wait().passes(4min);
    CHECK(story.judged().state == RunnerState::idle);
    CHECK(story.judged().problems.checked.contains(Problem::jobs_wait));
    CHECK_FALSE(story.judged().problems.found.contains(Problem::jobs_wait));
    story.passes(3min);
    CHECK(story.judged().state == RunnerState::idle);
    CHECK(story.judged().health == Health::degraded);
    CHECK(story.judged().problems.found == std::set{Problem::jobs_wait});
    const auto& evidence = story.judged().evidence;
    const auto told = std::ranges::find(evidence, "waiting_job", &Evidence::fact);
    REQUIRE(told != evidence.end());
    CHECK(told->value.find("deploy of run 77 has waited") == 0);
    CHECK(told->age_seconds < 65);
}

TEST_CASE("hung: sockets of a unit with a network of its own are not seen, so nothing is proved") {
    Story story;
    story.with([](Runner& runner) { runner.unit_state.value->own_network = true; })
        .loses_sockets()
        .passes(10min);
    CHECK(story.judged().state == RunnerState::unknown);
    story.is_called(Registration::online).passes(2min);
    CHECK(story.judged().state == RunnerState::idle);
}

TEST_CASE("hung: bytes that left-over processes may have received do not outweigh GitHub's word") {
    Story story;
    story.processes({shell, wrapper, listener, job}).is_called(Registration::offline).passes(10min);
    CHECK(story.judged().state == RunnerState::offline);
    CHECK(story.judged().signs == Signs{HungSign::github_disagrees});
}

TEST_CASE(
    "hung: between two connections of a listener that tries again its sockets are not silent") {
    Story story;  // GitHub answers no poll, which it closes and repeats, beside a left-over process
    story.processes({shell, wrapper, listener, job}).is_called(Registration::offline);
    for (int poll = 0; poll < 10; ++poll) {
        story.passes(100s).loses_sockets().passes(10s).opens_the_way();
    }
    CHECK_FALSE(story.first(RunnerState::hung));
    CHECK(story.judged().state == RunnerState::offline);
}

TEST_CASE("hung: an agent that starts beside a ghost finds it four minutes later") {
    Story story;  // an agent's first look is the story's beginning
    story.loses_sockets().passes(4min);
    CHECK_FALSE(story.first(RunnerState::hung));
    story.passes(1min);
    CHECK(story.judged().state == RunnerState::hung);
}

TEST_CASE("hung: it is over as soon as something is heard") {
    Story story;
    story.loses_sockets().passes(6min).opens_the_way().passes(1min);
    CHECK(story.judged().state == RunnerState::idle);
    CHECK(story.judged().signs.empty());
    CHECK_FALSE(story.judged().blame);
}
