// Trial: sends Loki one line and looks whether it is there, to tell an operator what works. Beside
// the lines that are shipped, on a connection of its own.

#pragma once

#include "core/time.h"
#include "forwarder/loki.h"
#include "forwarder/streams.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace paws::forwarder {

struct TrialResult {
    enum class Found { yes, no, unknown };

    std::uint64_t number = 0;  // of the trial, from 1
    bool running = true;
    std::string url;
    bool pushed = false;
    std::string push_trouble;
    std::chrono::nanoseconds push_took{};
    Found found = Found::unknown;  // no: not within a few seconds
    std::string find_trouble;      // why it is unknown: who may push may not always read
    std::chrono::nanoseconds found_after{};
    std::string query;  // that finds it
};

// What the page of query_range says: whether `line` is in it; nothing when it is no such page.
std::optional<bool> page_has(std::string_view page, std::string_view line);

boost::asio::awaitable<TrialResult> try_out(boost::asio::io_context& loop,
                                            Loki& loki,
                                            Labels labels,
                                            std::function<Now()> now);

// The last trial. Any thread.
class Trials {
public:
    // Its number; one that is running is not begun anew.
    std::uint64_t begin(const std::function<void()>& start);
    void end(TrialResult result);
    std::optional<TrialResult> read() const;

private:
    mutable std::mutex mutex_;
    std::optional<TrialResult> last_;
};

}  // namespace paws::forwarder
