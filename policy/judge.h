// judge(): what the facts mean. Pure: same arguments, same answer; time is an argument.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"

namespace paws::policy {

// `before` is the previous tick's judgement (empty at the first): it gives `since` its memory.
Judgement judge(const Facts& facts, const Judgement& before, const Now& now);

}  // namespace paws::policy
