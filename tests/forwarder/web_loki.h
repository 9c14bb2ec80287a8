// WebLoki: a Loki on loopback, for who brings a connection of its own: it stores lines, finds them
// again, and can keep everybody waiting.

#pragma once

#include "tests/forwarder/push_reader.h"
#include "tests/support/web_server.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace paws::forwarder {

class WebLoki {
public:
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

    // Until release() a push is read and neither stored nor answered.
    void hold() {
        const std::lock_guard lock{mutex_};
        held_ = true;
    }
    void release() {
        const std::lock_guard lock{mutex_};
        held_ = false;
        stirred_.notify_all();
    }

    std::vector<std::string> lines() const {
        const std::lock_guard lock{mutex_};
        return lines_;
    }
    bool wait_for_lines(std::size_t count) {
        return wait([&] { return lines_.size() >= count; });
    }
    // Also of pushes that are held.
    bool wait_for_pushes(std::size_t count) {
        return wait([&] { return pushes_ >= count; });
    }

private:
    static constexpr std::chrono::seconds patience{20};

    template <class Condition>
    bool wait(const Condition& is_met) {
        std::unique_lock lock{mutex_};
        return stirred_.wait_for(lock, patience, is_met);
    }

    void serve(WebClient& client) {
        while (const auto request = client.read()) {
            if (!client.send(answer_to(*request))) {
                return;
            }
        }
    }

    std::string answer_to(const WebClient::Request& request) {
        if (request.method() == boost::beast::http::verb::post) {
            store(request.body());
            return "HTTP/1.1 204 No Content\r\n\r\n";
        }
        const bool is_query = request.target().starts_with("/loki/api/v1/query_range?");
        const auto page = is_query ? found() : std::string{R"({"version":"3.0.0"})"};
        return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" +
               page;
    }

    void store(const std::string& body) {
        std::unique_lock lock{mutex_};
        ++pushes_;
        stirred_.notify_all();
        stirred_.wait_for(lock, patience, [&] { return !held_; });
        for (const auto& stream : pushed::read(body)) {
            for (const auto& line : stream.lines) {
                lines_.push_back(line.text);
            }
        }
        stirred_.notify_all();
    }

    std::string found() const {
        boost::json::array values;
        for (const auto& line : lines()) {
            values.push_back(boost::json::array{"0", line});
        }
        const boost::json::object stream{{"values", std::move(values)}};
        return boost::json::serialize(boost::json::object{
            {"data", boost::json::object{{"result", boost::json::array{stream}}}}});
    }

    mutable std::mutex mutex_;
    std::condition_variable stirred_;
    bool held_ = false;
    std::size_t pushes_ = 0;
    std::vector<std::string> lines_;
    WebServer server_{[this](WebClient& client) { serve(client); }};
};

}  // namespace paws::forwarder
