#include "tests/traces/trace.h"

#include <algorithm>
#include <array>
#include <utility>

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t weather_stream = 1;
constexpr std::uint64_t runner_stream = 100;

// An agent looks every five seconds; where nothing goes on fewer looks tell the same.
constexpr auto quiet_interval = 30s;
constexpr auto restless_interval = 10s;
constexpr auto close_interval = 5s;
constexpr auto aftermath = 6min;
constexpr auto early_hang = 10min;
constexpr auto boot_time = 8s;  // until the agent runs

constexpr std::array edge_troubles{Trouble::suspend, Trouble::reboot, Trouble::agent_down};

}  // namespace

Trace::Trace(std::uint64_t seed, Family family) {
    const auto plan = draw_plan(seed, family);
    Dice dice{seed, weather_stream};
    auto weather = Weather::draw(dice, plan.calms);
    const auto up_before = dice.between(1min, 24h * 90);
    world_ = std::make_unique<World>(std::move(weather), up_before);
    runners_.reserve(plan.kinds.size());
    for (std::size_t number = 0; number < plan.kinds.size(); ++number) {
        runners_.emplace_back(
            *world_, plan.kinds[number], plan.fates[number], Dice{seed, runner_stream + number});
    }
    find_edges();
    observer_.emplace(*world_, runners_, seed);
    truth_.resize(runners_.size());
}

void Trace::find_edges() {
    for (const auto& episode : world_->weather.all()) {
        if (std::ranges::find(edge_troubles, episode.trouble) != edge_troubles.end()) {
            const auto length = episode.end - episode.begin;
            edges_.push_back({episode.begin, episode.trouble, true, length});
            edges_.push_back({episode.end, episode.trouble, false, length});
        }
    }
    std::ranges::stable_sort(edges_, {}, &Edge::at);
}

Instant Trace::next_event() const {
    auto first = std::min(tick_, github_looks_);
    if (edge_ < edges_.size()) {
        first = std::min(first, edges_[edge_].at);
    }
    for (const auto& runner : runners_) {
        first = std::min(first, runner.next());
    }
    return std::max(first, now_);
}

void Trace::cross(const Edge& edge) {
    for (auto& runner : runners_) {
        if (edge.trouble == Trouble::suspend) {
            edge.begins ? runner.sleep(edge.at, edge.length) : runner.resume(edge.at, edge.length);
        } else if (edge.trouble == Trouble::reboot) {
            edge.begins ? runner.power_off(edge.at) : runner.power_on(edge.at);
        }
    }
    if (edge.trouble == Trouble::reboot && !edge.begins) {
        world_->reboot(edge.at - boot_time);
    }
    const bool forgets = edge.trouble != Trouble::suspend;
    agent_starts_ = agent_starts_ || (forgets && !edge.begins);
    tick_ = edge.at;
}

bool Trace::agent_is_up() const {
    return std::ranges::none_of(edge_troubles, [&](Trouble trouble) {
        return world_->weather.during(trouble, now_) != nullptr;
    });
}

Span Trace::interval() {
    bool restless = world_->weather.any_within(now_ - aftermath, now_ + quiet_interval);
    bool close = false;
    for (const auto& truth : truth_) {
        const bool settled = truth.doing == Doing::idle || truth.doing == Doing::busy ||
                             truth.doing == Doing::stopped;
        restless =
            restless || (!settled && truth.doing != Doing::hung) || now_ - truth.since < aftermath;
        close = close || (truth.hang && now_ - truth.hang->since < early_hang);
    }
    return close ? close_interval : restless ? restless_interval : quiet_interval;
}

// Whether the agent has something to look at now; if so it has looked.
bool Trace::tell() {
    bool stirred = false;
    for (auto& runner : runners_) {
        stirred = runner.stirred() || stirred;
    }
    if (!agent_is_up() || (!stirred && now_ < tick_)) {
        return false;
    }
    for (std::size_t number = 0; number < runners_.size(); ++number) {
        truth_[number] = runners_[number].truth(now_);
    }
    tick_ = now_ + interval();
    observer_->observe(now_);
    return true;
}

std::optional<Moment> Trace::next() {
    while (true) {
        now_ = next_event();
        if (now_ >= week) {
            return std::nullopt;
        }
        while (edge_ < edges_.size() && edges_[edge_].at <= now_) {
            cross(edges_[edge_++]);
        }
        for (auto& runner : runners_) {
            runner.advance(now_);
        }
        if (now_ >= github_looks_) {
            observer_->follow_github(now_);
            github_looks_ = now_ + 1min;
        }
        if (!agent_is_up()) {
            tick_ = week;  // the edge at which it returns sets it
        } else if (agent_starts_) {
            observer_->begin(now_);
            tick_ = now_;
        }
        if (tell()) {
            return Moment{.at = now_,
                          .now = {.wall = world_->wall(now_), .boot = world_->boot(now_)},
                          .facts = observer_->facts(),
                          .truth = truth_,
                          .agent_started = std::exchange(agent_starts_, false)};
        }
    }
}

}  // namespace paws::traces
