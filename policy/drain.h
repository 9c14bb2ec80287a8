// Drain: what operators' wishes (drain, hold) ask to be done to units now, and what speaks against
// starting a runner again. A plan is data: it is shown, carried out and recorded elsewhere.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"

#include <string>
#include <vector>

namespace paws::policy {

enum class UnitVerb { start, stop };

struct UnitAction {
    UnitVerb verb = UnitVerb::stop;
    std::string runner;
    std::string unit;
    std::string why;

    bool operator==(const UnitAction&) const = default;
};

bool has_expired(const Wish& wish, const Now& now);

// A runner is stopped when it certainly has no job, and started when its hold has expired. GitHub
// may hand out a job in the very moment of the stop: the runner has no way to refuse one (runner
// facts, 2.6), so that job is cancelled, and told.
std::vector<UnitAction> plan_wishes(const Facts& facts, const Judgement& judged, const Now& now);

// Why a start would do harm or fail, each with what to do first; empty when nothing does.
std::vector<std::string> reasons_against_start(const Runner& runner,
                                               const Host& host,
                                               const Now& now);

}  // namespace paws::policy
