#include "exporter/history.h"

#include "exporter/history_json.h"
#include "tests/exporter/example.h"

#include <algorithm>
#include <thread>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace paws::exporter::testing;
using namespace std::chrono_literals;

namespace {

// A settled snapshot of `after` past noon, its facts just taken.
Snapshot after(std::chrono::seconds span) {
    auto snapshot = example_snapshot();
    auto& host = snapshot.facts.host;
    const Now now{.wall = noon.wall + span, .boot = noon.boot + span};
    snapshot.taken = now;
    for (auto* taken : {&host.cpu.taken,
                        &host.load.taken,
                        &host.memory.taken,
                        &host.pressure.taken,
                        &host.filesystems.taken,
                        &host.network.taken,
                        &host.clock.taken}) {
        *taken = now;
    }
    return snapshot;
}

Snapshot in_state(std::chrono::seconds span, RunnerState state) {
    auto snapshot = after(span);
    snapshot.judged.runners.front().state = state;
    return snapshot;
}

template <class Value>
std::vector<std::optional<Value>> steps_of(const std::vector<Track<Value>>& tracks,
                                           std::string_view name) {
    for (const auto& track : tracks) {
        if (track.name == name) {
            return track.steps;
        }
    }
    return {};
}

std::vector<std::optional<float>> gauge(const History& history, std::string_view name) {
    return steps_of(history.past_hour().gauges, name);
}

const std::string runner_name = "acme-widgets.build-01";

}  // namespace

TEST_CASE("History: the first snapshot of ten seconds is their reading") {
    History history;
    CHECK_FALSE(history.past_hour().newest);
    for (const auto& [seconds, load] : {std::pair{0s, 1.0}, {4s, 9.0}, {9s, 9.0}, {11s, 2.0}}) {
        auto snapshot = after(seconds);
        snapshot.facts.host.load.value->one = load;
        history.add(snapshot);
    }
    CHECK(gauge(history, "load1") == std::vector<std::optional<float>>{1.0F, 2.0F});
    CHECK(history.past_hour().newest == noon.boot + 10s);
}

TEST_CASE("History: a first tick, which has not looked at everything yet, does not count") {
    History history;
    auto snapshot = after(0s);
    snapshot.sequence = 1;
    history.add(snapshot);
    CHECK_FALSE(history.past_hour().newest);
}

TEST_CASE("History: readings are shares and rates of what happened since the step before") {
    History history;
    auto before = after(0s);
    before.facts.host.network.value->push_back({.device = "lo", .receive = {.bytes = 0}});
    history.add(before);
    auto later = after(10s);
    later.facts.host.cpu.value->times.user += 5;
    later.facts.host.cpu.value->times.idle += 15;
    later.facts.host.network.value->front().receive.bytes += 5000;
    later.facts.host.network.value->front().transmit.bytes = 0;  // the device began anew
    later.facts.host.network.value->push_back({.device = "lo", .receive = {.bytes = 1U << 30U}});
    later.facts.host.network.value->push_back({.device = "new", .receive = {.bytes = 1U << 30U}});
    history.add(later);
    CHECK(gauge(history, "cpu_busy") == std::vector<std::optional<float>>{std::nullopt, 0.25F});
    CHECK(gauge(history, "receive_bytes_per_second").back() == 500.0F);
    CHECK(gauge(history, "transmit_bytes_per_second").back() == 0.0F);
    CHECK(gauge(history, "memory_used").back() == 0.25F);
    CHECK(gauge(history, "pressure_io_percent").back() == 1.5F);
    CHECK(gauge(history, "swap_used").empty());  // this host has none
    const auto disks = history.past_hour().filesystems;
    CHECK(steps_of(disks, "/").back() == 0.75F);
    CHECK(disks.size() == 1);  // nothing is known of the dead one
}

TEST_CASE("History: what was not known is absent, not zero") {
    History history;
    history.add(after(0s));
    auto blind = after(10s);
    blind.facts.host.load.value.reset();
    blind.facts.host.memory.taken.boot -= 31s;
    history.add(blind);
    history.add(after(20s));
    CHECK(gauge(history, "load1") == std::vector<std::optional<float>>{0.5F, std::nullopt, 0.5F});
    CHECK(gauge(history, "memory_used")[1] == std::nullopt);
}

TEST_CASE("History: while nobody looked there is a gap, and no rate across it") {
    History history;
    history.add(after(0s));
    history.add(after(10s));
    history.add(after(60s));
    const auto load = gauge(history, "load1");
    REQUIRE(load.size() == 7);
    CHECK(load[1] == 0.5F);
    for (std::size_t step = 2; step < 6; ++step) {
        CHECK(load[step] == std::nullopt);
    }
    CHECK(gauge(history, "receive_bytes_per_second") ==
          std::vector<std::optional<float>>{
              std::nullopt, 0.0F, std::nullopt, std::nullopt, std::nullopt, std::nullopt, {}});
    CHECK(steps_of(history.past_hour().runners, runner_name)[3] == std::nullopt);
}

TEST_CASE("History: it is an hour long, and a longer sleep leaves nothing of before") {
    History history;
    for (int step = 0; step < 400; ++step) {
        auto snapshot = after(10s * step);
        snapshot.facts.host.load.value->one = step;
        history.add(snapshot);
    }
    auto load = gauge(history, "load1");
    REQUIRE(load.size() == History::steps);
    CHECK(load.front() == 40.0F);
    CHECK(load.back() == 399.0F);
    history.add(after(4000s + 2h));
    load = gauge(history, "load1");
    REQUIRE(load.size() == History::steps);
    CHECK(std::ranges::count_if(load, [](const auto& value) { return !value; }) ==
          History::steps - 1);
}

TEST_CASE("History: a gap does not show what was there an hour before") {
    History history;
    for (int step = 0; step < 400; ++step) {
        history.add(after(10s * step));
    }
    history.add(after(4050s));
    const auto load = gauge(history, "load1");
    const auto states = steps_of(history.past_hour().runners, runner_name);
    for (std::size_t step = History::steps - 6; step < History::steps - 1; ++step) {
        CAPTURE(step);
        CHECK_FALSE(load.at(step));
        CHECK_FALSE(states.at(step));
    }
    CHECK(load.at(History::steps - 7));
    CHECK(load.back());
}

TEST_CASE("History: a step of the wall clock changes nothing") {
    History history;
    history.add(after(0s));
    auto stepped = after(10s);
    stepped.taken.wall -= 24h * 365;
    history.add(stepped);
    CHECK(gauge(history, "load1").size() == 2);
}

TEST_CASE("History: a brief state that takes precedence is seen in its step") {
    History history;
    history.add(in_state(0s, RunnerState::idle));
    history.add(in_state(2s, RunnerState::hung));
    history.add(in_state(4s, RunnerState::busy));
    history.add(in_state(10s, RunnerState::busy));
    CHECK(steps_of(history.past_hour().runners, runner_name) ==
          std::vector<std::optional<RunnerState>>{RunnerState::hung, RunnerState::busy});
}

TEST_CASE("History: it may be read while it grows") {
    History history;
    std::thread loop{[&] {
        for (int step = 0; step < 500; ++step) {
            history.add(after(10s * step));
        }
    }};
    for (int reading = 0; reading < 50; ++reading) {
        for (const auto& track : history.past_hour().gauges) {
            CHECK(track.steps.size() <= History::steps);
        }
    }
    loop.join();
    CHECK(gauge(history, "load1").size() == History::steps);
}

TEST_CASE("History: of more runners than it keeps those that are gone make room") {
    History history;
    auto many = after(0s);
    many.judged.runners.clear();
    for (std::size_t number = 0; number < History::runner_limit + 10; ++number) {
        many.judged.runners.push_back({.name = "r" + std::to_string(number)});
    }
    history.add(many);
    CHECK(history.past_hour().runners.size() == History::runner_limit);
    history.add(in_state(30s, RunnerState::idle));
    const auto runners = history.past_hour().runners;
    CHECK(runners.size() == History::runner_limit);
    CHECK(steps_of(runners, runner_name).back() == RunnerState::idle);
}

TEST_CASE("History: a runner that was not seen for an hour is forgotten") {
    History history;
    auto gone = after(0s);
    gone.judged.runners.front().name = "gone";
    history.add(gone);
    history.add(after(3590s));
    CHECK(history.past_hour().runners.size() == 2);
    history.add(after(3600s));
    CHECK(history.past_hour().runners.size() == 1);
}

TEST_CASE("History: filesystems that cannot fill do not take the places of those that can") {
    History history;
    auto snapshot = after(0s);
    auto& all = *snapshot.facts.host.filesystems.value;
    const auto root = all.front();
    all.clear();
    for (int number = 0; number < 30; ++number) {
        all.push_back(root);
        all.back().mountpoint = "/snap/" + std::to_string(number);
        all.back().read_only = true;
    }
    all.push_back(root);
    history.add(snapshot);
    const auto kept = history.past_hour().filesystems;
    REQUIRE(kept.size() == 1);
    CHECK(kept.front().name == "/");
}

TEST_CASE("history_json: numbers, gaps, and states with their number of steps") {
    History history;
    history.add(in_state(0s, RunnerState::idle));
    history.add(in_state(10s, RunnerState::idle));
    history.add(in_state(30s, RunnerState::busy));
    const auto document =
        history_json(history.past_hour(), {.wall = noon.wall + 34s, .boot = noon.boot + 34s});
    const boost::json::value value(document);
    CHECK(value.at("version") == 1);
    CHECK(value.at("step_seconds") == 10);
    CHECK(value.at("newest_age_seconds") == 4.0);
    CHECK(boost::json::serialize(value.at_pointer("/gauges/load1")) == "[5E-1,5E-1,null,5E-1]");
    CHECK(boost::json::serialize(value.at_pointer("/filesystems").at("/")) ==
          "[7.5E-1,7.5E-1,null,7.5E-1]");
    CHECK(boost::json::serialize(value.at("runners").at(runner_name)) ==
          R"([["idle",2],[null,1],["busy",1]])");
}

TEST_CASE("history_json: nothing yet is no age, and a full hour is small") {
    CHECK(history_json({}, noon).at("newest_age_seconds").is_null());
    History history;
    for (int step = 0; step < 360; ++step) {
        auto snapshot = after(10s * step);
        auto& host = snapshot.facts.host;
        host.load.value->one = 1.0 / (3 + step);
        host.memory.value->available_bytes -= static_cast<std::uint64_t>(step) * 7'654'321;
        host.network.value->front().receive.bytes += static_cast<std::uint64_t>(step) * 98'765;
        history.add(snapshot);
    }
    const auto text = boost::json::serialize(history_json(history.past_hour(), noon));
    CHECK(text.size() < 40'000);
}
