// Host: whether to worry about the machine itself.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"

#include <string>

namespace paws::policy {

// How full a filesystem is, as far as it matters to a job.
enum class Fullness { unknown, roomy, filling, full };
Fullness bytes_fullness(const Filesystem& filesystem);
Fullness inodes_fullness(const Filesystem& filesystem);

// Its server or device is silent; not one that only the agent's own sandbox hides.
bool does_not_answer(const Filesystem& filesystem);

// The filesystem that holds `path`; null when none is known.
const Filesystem* filesystem_of(const Host& host, const std::string& path, const Now& now);

// Judges the machine; `memories` are the previous tick's and become this one's.
HostJudgement judge_host(const Facts& facts, Memories& memories, const Now& now);

}  // namespace paws::policy
