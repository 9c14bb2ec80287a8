// Story: a host with one runner, told as a sequence of what happens, and judged every few seconds
// as the agent does. Lines go through the real parser and fold.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace paws::policy::testing {

using namespace std::chrono_literals;

class Story {
public:
    // A V2 runner that has listened for an hour, on a host where all is well.
    Story();

    // What the wrapper's stdout says now. "T" in front of a line stands for the time of day.
    Story& prints(std::initializer_list<std::string_view> lines);
    // Time passes, with a look every five seconds.
    Story& passes(std::chrono::seconds span);
    // The host sleeps: nobody looks meanwhile.
    Story& sleeps(std::chrono::seconds span);
    // Anything else about the facts, from now on.
    Story& with(const std::function<void(Runner&)>& change);
    Story& on_host(const std::function<void(Host&)>& change);

    Story& processes(std::initializer_list<ProcessRole> roles, char listener_state = 'S');
    Story& loses_sockets();  // none is established any more
    Story& goes_deaf();      // one stays established, nothing comes
    Story& closes_the_way(ReachStage at, std::string what);
    Story& opens_the_way();
    Story& tries_no_way();  // the agent makes no attempts of its own to reach GitHub
    Story& is_called(Registration registration);  // by GitHub's list, once a minute
    Story& lets_a_job_wait();                     // at GitHub, that the runner could take
    Story& renews_leases(bool renews);            // while a worker runs
    Story& stops(std::string result = "success", int status = 0);  // its unit

    const RunnerJudgement& judged() const { return judgement_.runners.at(0); }
    const Now& now() const { return now_; }
    // When it was first judged so; nothing when it never was.
    std::optional<std::chrono::seconds> first(RunnerState state) const;

private:
    enum class Line { heard, deaf, cut };

    void look();
    void hear();

    Now now_;
    BootTime begun_;
    Facts facts_;
    Judgement judgement_;
    Line line_ = Line::heard;
    BootTime heard_;
    std::optional<ReachFailure> closed_;
    std::optional<Registration> called_;
    std::optional<BootTime> job_waits_;
    bool renews_ = true;
    bool tries_ = true;
    std::map<RunnerState, BootTime> first_;
};

}  // namespace paws::policy::testing
