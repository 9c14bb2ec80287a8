// Blame: whose fault it is that something does not work.

#pragma once

#include <array>

namespace paws {

enum class Blame { unknown, job, runner, host, network, github };
inline constexpr std::array blames{
    Blame::unknown, Blame::job, Blame::runner, Blame::host, Blame::network, Blame::github};

}  // namespace paws
