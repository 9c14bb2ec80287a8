// Env lint: what in a runner's `.env` does not do what it looks like, or does harm. Pure.

#pragma once

#include "pawsctl/verdict.h"

#include <string>
#include <string_view>
#include <vector>

namespace paws::pawsctl {

struct Lint {
    Verdict verdict = Verdict::degraded;
    std::string what;

    bool operator==(const Lint&) const = default;
};

// Empty when nothing is wrong. Values may be secret: only keys are told.
std::vector<Lint> lint_env(std::string_view text);

}  // namespace paws::pawsctl
