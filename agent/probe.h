// Probe: one thread that hosts the collectors of one source, because they may block. It waits for
// a question or for a collector's Watch; it is never joined: one that does not come back is left
// behind with what it uses, and takes the next question when it does.
// All members belong to the loop's thread.

#pragma once

#include "collectors/collector.h"
#include "core/facts.h"
#include "core/result.h"
#include "core/time.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paws::agent {

using Clock = std::function<Now()>;
using Collectors = std::vector<std::unique_ptr<collectors::Collector>>;

// One stage's questions to several probes: the last one to answer says so, on its own thread.
struct Round {
    std::uint64_t number = 0;
    std::atomic<std::size_t> unanswered = 0;
    std::function<void()> complete;
};

struct Question {
    collectors::Stage stage = collectors::Stage::hosts;
    std::shared_ptr<const Facts> seen;  // let go of before the answer counts as given
    std::shared_ptr<Round> round;
};

struct Answer {
    std::uint64_t round = 0;    // may be an earlier one than was asked last
    std::size_t collector = 0;  // its position in the probe
    Result<collectors::Fill> fill;
    std::optional<Error> shortfall;  // what a fill lacks
    std::chrono::nanoseconds duration{};
};

struct Taken {
    std::vector<Answer> answers;
    bool answering = false;  // the last question is still open
};

class Probe {
public:
    // `stirred` is called on the probe's thread, at most ten times a second.
    Probe(std::string name, Collectors collectors, Clock clock, std::function<void()> stirred);
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    Probe(Probe&&) = delete;
    Probe& operator=(Probe&&) = delete;
    ~Probe() { release(); }

    // Errc::timeout while an earlier question is still open; Errc::unavailable without a thread.
    Result<void> ask(Question question);
    // The answers that have come since the last call, in the order of the collectors.
    Taken take();
    bool answering() const;
    // The name of the collector it is in now, or was in last.
    std::string current() const;

    // Takes other collectors instead, as soon as it is free; open questions are dropped.
    void replace(Collectors collectors);

    // Ends the thread as soon as it is free. It calls nobody any more from here on.
    void release();
    // Whether the thread has ended by `deadline`.
    bool ended_by(std::chrono::steady_clock::time_point deadline) const;

    const std::string& name() const { return name_; }

private:
    struct State;

    void start();

    std::string name_;
    std::shared_ptr<State> state_;
    Result<void> started_;
};

}  // namespace paws::agent
