#include "tests/traces/fate.h"

#include <algorithm>
#include <array>

namespace paws::traces {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kinds_stream = 2;
constexpr std::uint64_t fates_stream = 10;

struct Habit {
    Blow blow{};
    unsigned percent = 0;  // of a runner's weeks
    unsigned most = 1;
    Span shortest{};
    Span longest{};
};

constexpr std::array habits{
    Habit{Blow::operator_stop, 25, 2, 30s, 10h},
    Habit{Blow::crash, 15, 2, 0s, 0s},
    Habit{Blow::out_of_memory, 8, 1, 2min, 3h},
    Habit{Blow::crash_loop, 6, 1, 20s, 20min},
    Habit{Blow::session_stolen, 5, 1, 1min, 2h},
    Habit{Blow::session_expired, 15, 2, 0s, 0s},
    Habit{Blow::deregistered, 3, 1, 10min, 20h},
    Habit{Blow::update, 35, 1, 20s, 6min},
    Habit{Blow::update_fails, 8, 1, 20s, 15min},
};

constexpr std::array ghosts{
    Ghost::half_open, Ghost::no_socket, Ghost::stopped, Ghost::stuck, Ghost::zombie};

Fate draw_hang(Dice& dice) {
    Fate fate{.blow = Blow::hang,
              .at = dice.between(12h, week - 12h),
              .lasts = dice.between(30min, 4h),
              .ghost = dice.any_of(ghosts)};
    const bool whole_process = fate.ghost == Ghost::stopped || fate.ghost == Ghost::stuck;
    fate.busy = whole_process && dice.percent(30);
    return fate;
}

std::vector<Fate> draw_fates(Dice& dice, Family family, bool first) {
    std::vector<Fate> fates;
    for (const auto& habit : habits) {
        if (!dice.percent(habit.percent)) {
            continue;
        }
        for (auto left = 1 + dice.below(habit.most); left > 0; --left) {
            fates.push_back({.blow = habit.blow,
                             .at = dice.between(1h, week - 1h),
                             .lasts = dice.between(habit.shortest, habit.longest)});
        }
    }
    if (family == Family::hung && (first || dice.percent(25))) {
        fates.push_back(draw_hang(dice));
    }
    std::ranges::stable_sort(fates, {}, &Fate::at);
    return fates;
}

// Most hangs are left alone, so that the time to their detection can be measured; the others come
// in whatever weather there is.
std::vector<Calm> calms_around(const std::vector<Fate>& fates, Dice& dice) {
    std::vector<Calm> calms;
    for (const auto& fate : fates) {
        if (fate.blow == Blow::hang && dice.percent(75)) {
            calms.push_back({.begin = fate.at - 1h, .end = fate.at + 4h});
        }
    }
    return calms;
}

std::vector<Kind> draw_kinds(Dice& dice) {
    static constexpr std::array pauses{Span{2min}, Span{20min}, Span{2h}, Span{20h}};
    const bool proxied = dice.percent(40);
    const bool api = dice.percent(50);
    const bool trace_readable = dice.percent(65);
    const bool one_of_them_is_old = dice.percent(50);
    std::vector<Kind> kinds(1 + dice.below(4));
    for (std::size_t number = 0; number < kinds.size(); ++number) {
        auto& kind = kinds[number];
        kind.name = "acme-widgets.build-0" + std::to_string(number + 1);
        kind.agent_id = 40 + number;
        kind.v2 = !one_of_them_is_old || number > 0;
        kind.proxied = proxied;
        kind.api = api;
        kind.trace_readable = trace_readable;
        kind.ephemeral = dice.percent(12);
        kind.longest_pause = dice.any_of(pauses);
    }
    return kinds;
}

}  // namespace

Plan draw_plan(std::uint64_t seed, Family family) {
    Dice kinds_dice{seed, kinds_stream};
    Plan plan{.kinds = draw_kinds(kinds_dice)};
    for (std::size_t number = 0; number < plan.kinds.size(); ++number) {
        Dice dice{seed, fates_stream + number};
        plan.fates.push_back(draw_fates(dice, family, number == 0));
        const auto calms = calms_around(plan.fates.back(), dice);
        plan.calms.insert(plan.calms.end(), calms.begin(), calms.end());
    }
    return plan;
}

}  // namespace paws::traces
