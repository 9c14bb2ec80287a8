// FakeLoki: a Loki that answers as a test wishes and stores what it takes. DeliveryRig: a delivery
// to it that waits for nothing.

#pragma once

#include "forwarder/delivery.h"
#include "forwarder/loki_version.h"
#include "tests/forwarder/push_reader.h"

#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <doctest/doctest.h>

namespace paws::forwarder {

using namespace std::chrono_literals;

inline constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};

inline Asked answered(unsigned status, std::string body = "", std::string retry_after = "") {
    platform::HttpAnswer answer{.status = status, .headers = {}, .body = std::move(body)};
    if (!retry_after.empty()) {
        answer.headers.push_back({"Retry-After", std::move(retry_after)});
    }
    return platform::HttpResult{std::move(answer)};
}

// An answer that tells the time of who gives it.
inline Asked answered_at(const std::string& date, unsigned status, std::string body) {
    return platform::HttpResult{platform::HttpAnswer{
        .status = status, .headers = {{"Date", date}}, .body = std::move(body)}};
}

inline Asked timed_out() {
    return platform::HttpResult{ReachFailure{.what = "no answer in time", .timed_out = true}};
}

class FakeLoki final : public Loki {
public:
    using Push = std::vector<pushed::Stream>;

    // What it says to a push; 204 where it does not matter.
    std::function<Asked(const Push&)> answer = [](const Push&) { return answered(204); };
    std::deque<Asked> of_get;  // the last stays

    std::vector<Push> pushes;
    std::vector<std::string> asked;                           // the paths of get()
    std::map<std::string, std::vector<pushed::Line>> stored;  // by labels, as they were taken

    boost::asio::awaitable<Asked> push(std::string body) override {
        pushes.push_back(pushed::read(body));
        auto said = answer(pushes.back());
        if (said && *said && (**said).status / 100 == 2) {
            store(pushes.back(), [](const pushed::Line&) { return true; });
        }
        co_return said;
    }

    boost::asio::awaitable<Asked> get(std::string path) override {
        asked.push_back(std::move(path));
        auto said = of_get.front();
        if (of_get.size() > 1) {
            of_get.pop_front();
        }
        co_return said;
    }

    // A line that is there at that time is not stored again, whatever its metadata.
    void store(const Push& streams, const std::function<bool(const pushed::Line&)>& takes) {
        for (const auto& stream : streams) {
            auto& there = stored[stream.labels];
            for (const auto& line : stream.lines) {
                const bool repeated = std::ranges::any_of(there, [&](const auto& other) {
                    return other.at == line.at && other.text == line.text;
                });
                if (takes(line) && !repeated) {
                    there.push_back(line);
                }
            }
        }
    }
};

inline std::size_t count_of(const FakeLoki::Push& streams) {
    std::size_t count = 0;
    for (const auto& stream : streams) {
        count += stream.lines.size();
    }
    return count;
}

inline bool any_line(const FakeLoki::Push& streams,
                     const std::function<bool(const pushed::Line&)>& is) {
    return std::ranges::any_of(streams,
                               [&](const auto& one) { return std::ranges::any_of(one.lines, is); });
}

struct DeliveryRig {
    boost::asio::io_context loop;
    FakeLoki loki;
    Streams streams{{{"host", "h"}}};
    Board board{"http://loki"};
    Now now{.wall = noon, .boot = BootTime{1h}};
    Delivery delivery{loop,
                      loki,
                      streams,
                      board,
                      [this] { return now; },
                      {.shortest = 0ns, .longest = 0ns, .paused = 0ns}};
    Batch batch;
    std::optional<Delivered> delivered;

    DeliveryRig() { delivery.set_metadata(MetadataWish::structured); }
    DeliveryRig(const DeliveryRig&) = delete;
    DeliveryRig& operator=(const DeliveryRig&) = delete;
    DeliveryRig(DeliveryRig&&) = delete;
    DeliveryRig& operator=(DeliveryRig&&) = delete;
    ~DeliveryRig() = default;

    StreamId stream(const std::string& unit = "a.service") {
        return streams.of({.job = "journal", .unit = unit, .runner = ""}).first;
    }
    void add(const std::string& line, WallTime at = noon, const std::string& unit = "a.service") {
        Metadata metadata;
        metadata.add("pid", "7");
        batch.add(stream(unit), at, line, metadata);
    }
    void add_lines(int count) {
        for (int i = 0; i < count; ++i) {
            add(std::to_string(i), noon - 1h + i * 1ms);
        }
    }

    void start() {
        delivered.reset();
        boost::asio::co_spawn(loop,
                              delivery.deliver(batch),
                              [this](const std::exception_ptr& failed, Delivered done) {
                                  REQUIRE_FALSE(failed);
                                  delivered = std::move(done);
                              });
    }
    // Until the batch is done with.
    const Delivered& deliver() {
        start();
        loop.restart();
        loop.run();
        REQUIRE(delivered);
        return *delivered;
    }
    // For as long as it takes that Loki sees that many pushes.
    void deliver_until(std::size_t pushes) {
        loki.answer = [this, pushes, wanted = loki.answer](const FakeLoki::Push& pushed) {
            if (loki.pushes.size() >= pushes) {
                loop.stop();
            }
            return wanted(pushed);
        };
        start();
        loop.restart();
        loop.run();
    }

    std::vector<std::string> texts(const std::string& unit = "a.service") {
        std::vector<std::string> found;
        for (const auto& line : loki.stored[streams.labels(stream(unit))]) {
            found.push_back(line.text);
        }
        return found;
    }
};

}  // namespace paws::forwarder
