// SimulatedRunner: one runner of GitHub's through a week: its unit, wrapper and listener, its
// session, polls, jobs and updates (facts 2 to 6), in the weather of its world and under its fate.
// Each strand of what it does at once has one alarm; to kill a process is to forget its alarms.

#pragma once

#include "tests/traces/fate.h"
#include "tests/traces/visible.h"
#include "tests/traces/world.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::traces {

// What GitHub's servers know of the runner.
struct ServerSide {
    Instant seen{};  // its newest request
    bool session = false;
    bool registered = true;
    Instant registered_since = -week;
    bool job = false;
    Instant lease_until{};
};

class SimulatedRunner {
public:
    SimulatedRunner(World& world, Kind kind, std::vector<Fate> fates, Dice dice);

    Instant next() const;
    void advance(Instant now);

    void sleep(Instant now, Span length);  // the host suspends; nothing is due before it resumes
    void resume(Instant now, Span slept);
    void power_off(Instant now);
    void power_on(Instant now);

    const Kind& kind() const { return kind_; }
    const Visible& visible() const { return visible_; }
    const ServerSide& server() const { return server_; }
    const Truth& truth(Instant now);
    // Whether something happened that wakes an agent: a line, or a change of the unit.
    bool stirred() { return std::exchange(stirred_, false); }

private:
    enum class Strand {
        service,
        session,
        poll,
        token,
        pooled,  // a connection that waits for its next use
        work,
        renew,
        chatter,
        update,
        helper,
        stall,
        leftover,
        fate,
    };
    static constexpr std::size_t strand_count = 13;
    using Step = void (SimulatedRunner::*)();
    struct Alarm {
        Instant at{};
        Step then = nullptr;
    };
    struct RunningJob {
        std::string name;
        Span length{};
        int worker = 0;
        std::vector<int> steps;
        bool chatty = false;  // its steps talk to GitHub as well
        bool renewed = false;
        bool orphan = false;  // its listener died
        bool ended = false;   // and is not reaped
    };

    // runner.cpp
    void after(Strand strand, Span wait, Step then);
    void forget(std::initializer_list<Strand> strands);
    void say(std::string_view text);
    void say_stamped(std::string_view text);
    WallTime second() const;
    Way way(Server server) const { return {.server = server, .proxied = kind_.proxied}; }
    std::string_view server_name() const;
    Outcome request(Server server, Span hold);
    void hear(SocketOf of);
    void hear_service();
    void close_service();
    Cause trouble() const;
    std::pair<Doing, Cause> doing() const;

    // runner_service.cpp
    void start_unit();
    void launch();
    void die_young();
    void exit_listener(const std::string& code, Cause cause);
    void stop_unit(std::string_view result, Cause cause, Span until_started);
    void begin_stop();
    void finish_stop();
    void abandon_worker();
    void clear_control_group();
    void end_processes();

    // runner_session.cpp
    void create_session();
    void session_answered();
    void session_failed();
    void session_made();
    void session_conflicts();
    void clock_refused();
    void refresh_token();
    bool clock_refuses() const;

    // runner_polls.cpp
    void poll();
    void connected();
    void answered();
    void inner_failed();
    void outer_failed();
    void read_message();
    Span hold();

    // runner_jobs.cpp
    void take_job();
    void start_worker();
    void chatter();
    void renew();
    void renewed();
    void renewal_failed();
    void lose_lease();
    void abandon_job();
    void finish_job();
    void end_job(std::string_view result);
    void end_worker();
    void leave_process();
    void leftover_chatter();
    void end_leftover();
    void end_ephemeral();
    Span draw_job_length();

    // runner_updates.cpp
    void begin_update();
    void downloaded();
    void run_update_script();
    void exit_for_update();
    void end_helper();

    // runner_fates.cpp
    void expect_fate();
    void meet_fate();
    bool is_ready_for(const Fate& fate) const;
    void strike(const Fate& fate);
    void lose_session(Cause cause);
    void haunt(const Fate& fate);
    void last_answer();
    void close_at_server();
    Hang describe(const Fate& fate) const;
    void restart_hung();
    void expect_stall();
    void stall();
    void unstall();
    void remove_settings();
    void register_again();
    bool well() const;

    World& world_;
    const Kind kind_;
    Dice dice_;
    std::vector<Fate> fates_;
    RunnerSettings settings_;  // while it is registered
    std::size_t fate_ = 0;
    std::array<Alarm, strand_count> alarms_{};
    Instant now_{};
    Visible visible_;
    ServerSide server_;
    bool stirred_ = false;

    // unit and wrapper
    bool active_ = false;
    Cause stopped_by_ = Cause::none;
    int shell_ = 0;
    int wrapper_ = 0;
    int listener_ = 0;
    bool launched_before_ = false;
    bool killed_in_stop_ = false;
    int in_vain_ = 0;
    Span stopped_for_{};  // how long an operator's stop or a lost registration lasts
    Cause stop_wish_ = Cause::operator_stop;
    Instant crash_loop_until_{};
    std::string version_ = "2.335.1";

    // session and polls
    bool session_ = false;
    bool listened_ = false;  // this listener has said so
    Instant conflict_until_{};
    std::optional<Instant> conflict_since_;
    std::optional<Instant> clock_refused_since_;
    bool erring_ = false;  // an error was printed and its end not
    Cause failing_ = Cause::none;
    Cause restarted_by_ = Cause::none;  // why there is another listener, until it has a session
    Outcome attempt_;
    Instant sent_awake_{};
    int inner_ = 0;
    int outer_ = 0;
    bool token_bad_ = false;

    // work
    std::optional<RunningJob> job_;
    Instant next_job_{};
    int leftover_ = 0;
    bool leftover_chatty_ = false;
    std::optional<Fate> update_;  // offered with the next poll
    bool spent_ = false;          // ephemeral, and its one job is done
    bool updating_ = false;
    bool update_waits_ = false;
    int helper_ = 0;

    std::optional<Hang> hang_;
    Truth truth_;
};

}  // namespace paws::traces
