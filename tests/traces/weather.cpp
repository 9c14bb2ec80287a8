#include "tests/traces/weather.h"

#include <algorithm>
#include <utility>

namespace paws::traces {

namespace {

using namespace std::chrono_literals;

// How often a trouble comes in a week and how long it stays. Most weeks see a few of them.
struct Habit {
    Trouble trouble{};
    unsigned percent = 0;  // of the weeks
    unsigned most = 1;     // in one week
    Span shortest{};
    Span longest{};
};

constexpr std::array habits{
    Habit{Trouble::link_down, 30, 3, 2s, 45min},
    Habit{Trouble::black_hole, 40, 3, 5s, 25min},
    Habit{Trouble::black_hole, 8, 1, 1h, 5h},
    Habit{Trouble::names_fail, 30, 2, 30s, 2h},
    Habit{Trouble::proxy_refuses, 30, 2, 10s, 1h},
    Habit{Trouble::proxy_errors, 25, 2, 1min, 1h},
    Habit{Trouble::broker_refuses, 20, 2, 1min, 3h},
    Habit{Trouble::github_errors, 35, 2, 1min, 4h},
    Habit{Trouble::github_silent, 25, 2, 1min, 2h},
    Habit{Trouble::polls_unanswered, 25, 2, 1min, 3h},
    Habit{Trouble::api_errors, 40, 3, 1min, 6h},
    Habit{Trouble::api_stands_still, 25, 2, 5min, 2h},
    Habit{Trouble::clock_wrong, 15, 2, 1min, 4h},
    Habit{Trouble::overload, 60, 6, 1min, 90min},
    Habit{Trouble::suspend, 20, 3, 20s, 14h},
    Habit{Trouble::reboot, 25, 2, 40s, 4min},
    Habit{Trouble::agent_down, 60, 4, 1s, 3min},
    Habit{Trouble::agent_down, 5, 1, 10min, 8h},
    Habit{Trouble::units_missing, 20, 2, 20s, 10min},
    Habit{Trouble::processes_missing, 20, 2, 20s, 10min},
    Habit{Trouble::cgroup_missing, 15, 2, 20s, 10min},
    Habit{Trouble::sockets_missing, 25, 2, 20s, 10min},
    Habit{Trouble::journal_unreadable, 25, 2, 20s, 20min},
    Habit{Trouble::journal_drops, 25, 3, 10s, 15min},
    Habit{Trouble::trace_missing, 15, 2, 20s, 10min},
    Habit{Trouble::probes_missing, 20, 2, 1min, 15min},
};

// Short ones are many and long ones few: the longest is halved by chance until it is small.
Span draw_length(Dice& dice, const Habit& habit) {
    auto longest = habit.longest;
    while (longest / 2 > habit.shortest && dice.percent(60)) {
        longest /= 2;
    }
    return dice.between(habit.shortest, longest);
}

Span draw_skew(Dice& dice) {
    const auto skew = dice.percent(50) ? dice.between(1s, 30s) : dice.between(6min, 3h);
    return dice.percent(50) ? skew : -skew;
}

bool overlaps(const Episode& episode, Instant begin, Instant end) {
    return episode.begin < end && begin < episode.end;
}

bool is_pause(Trouble trouble) {
    return trouble == Trouble::suspend || trouble == Trouble::reboot;
}

// Nothing happens twice at once, and no host sleeps while it boots.
bool fits(const Episode& episode, const std::vector<Episode>& others) {
    return std::ranges::none_of(others, [&](const Episode& other) {
        const bool alike = other.trouble == episode.trouble ||
                           (is_pause(other.trouble) && is_pause(episode.trouble));
        return alike && overlaps(other, episode.begin - 10min, episode.end + 10min);
    });
}

}  // namespace

Weather Weather::draw(Dice& dice, std::span<const Calm> calms) {
    std::vector<Episode> episodes;
    for (const auto& habit : habits) {
        if (!dice.percent(habit.percent)) {
            continue;
        }
        for (auto left = 1 + dice.below(habit.most); left > 0; --left) {
            const auto begin = dice.between(1h, week - 1h);
            const Episode episode{.trouble = habit.trouble,
                                  .begin = begin,
                                  .end = begin + draw_length(dice, habit),
                                  .amount = draw_skew(dice)};
            const bool disturbs = std::ranges::any_of(
                calms, [&](const Calm& calm) { return overlaps(episode, calm.begin, calm.end); });
            if (!disturbs && fits(episode, episodes)) {
                episodes.push_back(episode);
            }
        }
    }
    return Weather{std::move(episodes)};
}

Weather::Weather(std::vector<Episode> episodes) : all_{std::move(episodes)} {
    std::ranges::stable_sort(all_, {}, &Episode::begin);
    for (const auto& episode : all_) {
        by_trouble_.at(static_cast<std::size_t>(episode.trouble)).push_back(episode);
    }
}

const Episode* Weather::during(Trouble trouble, Instant at) const {
    for (const auto& episode : of(trouble)) {
        if (episode.begin <= at && at < episode.end) {
            return &episode;
        }
    }
    return nullptr;
}

const Episode* Weather::beginning(Trouble trouble, Instant from, Instant until) const {
    for (const auto& episode : of(trouble)) {
        if (from <= episode.begin && episode.begin < until) {
            return &episode;
        }
    }
    return nullptr;
}

bool Weather::any_within(Instant from, Instant until) const {
    return std::ranges::any_of(
        all_, [&](const Episode& episode) { return overlaps(episode, from, until); });
}

bool Weather::blocked(Instant at) const {
    return during(Trouble::link_down, at) != nullptr || during(Trouble::black_hole, at) != nullptr;
}

Span Weather::suspended_before(Instant at) const {
    Span asleep{};
    for (const auto& episode : of(Trouble::suspend)) {
        asleep += std::clamp(at - episode.begin, Span{0}, episode.end - episode.begin);
    }
    return asleep;
}

}  // namespace paws::traces
