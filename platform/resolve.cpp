#include "platform/resolve.h"

#include "platform/straggler.h"
#include "platform/unique_fd.h"

#include <array>
#include <exception>
#include <mutex>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace paws::platform {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto softly = asio::as_tuple(asio::use_awaitable);

}  // namespace

struct Resolver::Question {
    std::mutex mutex;
    std::optional<Addresses> answer;
    UniqueFd bell;  // its other end is the one who waits
};

Addresses ask_system(const std::string& host, std::uint16_t port) {
    Addresses addresses;
    asio::io_context unused{1};
    tcp::resolver resolver{unused};
    for (const auto& found : resolver.resolve(host, std::to_string(port), addresses.problem)) {
        addresses.list.push_back(found.endpoint());
    }
    return addresses;
}

Resolver::Resolver(asio::io_context& loop, Names names) : loop_{loop}, names_{std::move(names)} {}

void Resolver::give_up() {
    if (bell_) {
        bell_->close();
    }
}

error_code Resolver::start(const std::string& host, std::uint16_t port) {
    question_ = std::make_shared<Question>();
    auto body = [question = question_, ask = names_.ask, host, port] {
        const OpenQuestion open;
        Addresses answer;
        try {
            answer = ask(host, port);
        } catch (const std::exception&) {  // no memory or no descriptor for it
            answer.problem = asio::error::no_recovery;
        }
        const std::lock_guard lock{question->mutex};
        question->answer = std::move(answer);
        question->bell = UniqueFd{};
    };
    if (!start_detached("resolver", std::move(body))) {
        question_.reset();
        return asio::error::try_again;
    }
    return {};
}

error_code Resolver::hang_bell() {
    asio::local::stream_protocol::socket ours{loop_};
    asio::local::stream_protocol::socket theirs{loop_};
    error_code problem;
    asio::local::connect_pair(ours, theirs, problem);
    if (problem) {
        return problem;
    }
    bell_.emplace(std::move(ours));
    const std::lock_guard lock{question_->mutex};
    if (!question_->answer) {
        question_->bell = UniqueFd{theirs.release(problem)};
    }
    return problem;
}

// With the answer the question is done.
std::optional<Addresses> Resolver::take_answer() {
    const auto question = question_;
    if (!question) {
        return std::nullopt;
    }
    const std::lock_guard lock{question->mutex};
    if (question->answer) {
        question_.reset();
    }
    return std::exchange(question->answer, std::nullopt);
}

asio::awaitable<Addresses> Resolver::resolve(std::string host,
                                             std::uint16_t port,
                                             Deadline deadline) {
    error_code no_address;
    const auto address = asio::ip::make_address(host, no_address);
    if (!no_address) {
        co_return Addresses{.problem = {}, .list = {tcp::endpoint{address, port}}};
    }
    if (names_.ask_on == AskOn::loop) {
        co_return names_.ask(host, port);
    }
    take_answer();  // of a question left behind: nobody knows how old it is
    error_code problem = question_ ? error_code{} : start(host, port);
    if (!problem) {
        problem = hang_bell();
    }
    if (problem) {
        co_return Addresses{.problem = problem, .list = {}};
    }
    std::array<char, 1> nothing{};
    bell_->expires_at(deadline);
    const auto [ended, size] = co_await bell_->async_read_some(asio::buffer(nothing), softly);
    bell_.reset();
    auto answer = take_answer();
    co_return answer ? *std::move(answer) : Addresses{.problem = ended, .list = {}};
}

}  // namespace paws::platform
