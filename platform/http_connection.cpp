#include "platform/http_connection.h"

#include "core/text.h"
#include "platform/http_way.h"

#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <boost/system/system_error.hpp>

namespace paws::platform {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr auto softly = asio::as_tuple(asio::use_awaitable);

using Message = http::request<http::string_body>;

// What came of a request that was sent.
struct Heard {
    error_code problem;
    bool begun = false;  // a byte of an answer came
    bool keep = false;
    HttpAnswer answer;
};

HttpAnswer answer_of(http::response<http::string_body> response) {
    HttpAnswer answer{.status = response.result_int(), .headers = {}, .body = {}};
    for (const auto& field : response) {
        answer.headers.push_back({std::string{field.name_string()}, std::string{field.value()}});
    }
    answer.body = std::move(response.body());
    return answer;
}

Message message_of(HttpRequest request, const HttpWay& way) {
    const auto& server = way.server();
    const bool usual_port = server.port == (server.secure ? 443 : 80);
    Message message;
    message.version(11);
    message.method_string(request.method);
    message.target(request.url.target);
    message.body() = std::move(request.body);
    message.set(http::field::host,
                usual_port ? way.name().substr(0, way.name().rfind(':')) : way.name());
    if (way.options().keep == Keep::no) {
        message.set(http::field::connection, "close");
    }
    for (const auto& [name, value] : request.headers) {
        message.set(name, value);
    }
    message.prepare_payload();
    return message;
}

// "100 Continue" and the like come before the answer; after 101 no HTTP would follow.
bool is_interim(const Heard& heard) {
    const auto status = heard.answer.status;
    return !heard.problem && status / 100 == 1 && status != 101;
}

bool is_of_tls(const error_code& problem) {
    return problem.category() == asio::error::get_ssl_category();
}

}  // namespace

struct HttpConnection::State {
    State(asio::io_context& its_loop, HttpUrl server, HttpOptions options, Names names)
        : loop{its_loop}, way{its_loop, std::move(server), std::move(options), std::move(names)} {}

    // Its own share of the state: an exchange may outlive the connection's owner.
    static asio::awaitable<HttpResult> run(std::shared_ptr<State> self, HttpRequest request);

    asio::awaitable<HttpResult> exchange(HttpRequest request);
    asio::awaitable<Heard> talk(const Message& message);
    template <class Stream>
    asio::awaitable<Heard> talk_over(Stream& stream, const Message& message);
    template <class Stream>
    asio::awaitable<Heard> hear(Stream& stream, bool no_body);
    HttpResult outcome(Heard heard);

    asio::io_context& loop;
    HttpWay way;
    std::unique_ptr<HttpLink> link;
    bool kept = false;  // the link is good for another request
    bool busy = false;
    std::uint64_t opened = 0;
};

namespace {

// One exchange at a time; what it leaves behind in any way but the good one is closed.
template <class State>
class Turn {
public:
    explicit Turn(State& state) : state_{state} {
        if (std::exchange(state_.busy, true)) {
            throw std::logic_error{"a second request on one HttpConnection at the same time"};
        }
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        state_.busy = false;
        if (!state_.kept) {
            state_.link.reset();
        }
    }

private:
    State& state_;
};

}  // namespace

HttpConnection::HttpConnection(asio::io_context& loop,
                               HttpUrl server,
                               HttpOptions options,
                               Names names)
    : state_{
          std::make_shared<State>(loop, std::move(server), std::move(options), std::move(names))} {}

HttpConnection::~HttpConnection() {
    close();
}

asio::awaitable<HttpResult> HttpConnection::exchange(HttpRequest request) {
    return State::run(state_, std::move(request));
}

void HttpConnection::close() {
    if (state_->link) {
        state_->way.give_up(*state_->link);
    }
    if (!state_->busy) {
        state_->kept = false;
        state_->link.reset();
    }
}

std::uint64_t HttpConnection::opened() const {
    return state_->opened;
}

asio::awaitable<HttpResult> HttpConnection::State::run(std::shared_ptr<State> self,
                                                       HttpRequest request) {
    const Turn turn{*self};
    std::optional<HttpResult> result;
    try {
        result = co_await self->exchange(std::move(request));
    } catch (const boost::system::system_error& refused) {  // no memory or no descriptor for it
        result = ReachFailure{.stage = ReachStage::connect,
                              .what = self->way.name() + ": " + printable(refused.what())};
    }
    co_return *std::move(result);
}

asio::awaitable<HttpResult> HttpConnection::State::exchange(HttpRequest request) {
    const auto deadline = std::chrono::steady_clock::now() + way.options().patience;
    const auto message = message_of(std::move(request), way);
    if (std::exchange(kept, false)) {
        link->stream.expires_at(deadline);
        auto heard = co_await talk(message);
        const bool stale = heard.problem && !heard.begun && !link->given_up &&
                           heard.problem != beast::error::timeout;
        if (!stale) {
            co_return outcome(std::move(heard));
        }
    }
    link = std::make_unique<HttpLink>(loop);
    auto failure = co_await way.open(*link, deadline);
    if (failure) {
        co_return *std::move(failure);
    }
    ++opened;
    auto heard = co_await talk(message);
    co_return outcome(std::move(heard));
}

asio::awaitable<Heard> HttpConnection::State::talk(const Message& message) {
    return link->tls ? talk_over(*link->tls, message) : talk_over(link->stream, message);
}

template <class Stream>
asio::awaitable<Heard> HttpConnection::State::talk_over(Stream& stream, const Message& message) {
    const auto [unsent, sent] = co_await http::async_write(stream, message, softly);
    const bool no_body = message.method() == http::verb::head;
    auto heard = co_await hear(stream, no_body);
    while (is_interim(heard)) {
        heard = co_await hear(stream, no_body);
        heard.begun = true;
    }
    if (unsent) {  // a server that refuses the request need not have read all of it
        heard.keep = false;
        if (heard.problem && !heard.begun && !is_of_tls(heard.problem)) {
            heard.problem = unsent;
        }
    }
    co_return heard;
}

template <class Stream>
asio::awaitable<Heard> HttpConnection::State::hear(Stream& stream, bool no_body) {
    http::response_parser<http::string_body> parser;
    parser.header_limit(http_header_limit);
    parser.body_limit(way.options().body_limit);
    parser.skip(no_body);
    const auto [problem, size] = co_await http::async_read(stream, link->buffer, parser, softly);
    Heard heard;
    heard.problem = problem;
    heard.begun = parser.got_some() || link->buffer.size() != 0;
    heard.keep = !problem && parser.keep_alive() && parser.get().version() == 11;
    heard.answer = answer_of(parser.release());
    co_return heard;
}

HttpResult HttpConnection::State::outcome(Heard heard) {
    if (heard.problem || link->given_up) {
        // That our certificate is refused is told by the first read (TLS 1.3).
        const bool by_tls = !heard.begun && is_of_tls(heard.problem);
        return way.failed(
            by_tls ? ReachStage::tls : ReachStage::http, way.name(), heard.problem, *link);
    }
    kept = heard.keep && way.options().keep == Keep::yes && link->buffer.size() == 0 &&
           heard.answer.status != 101;
    return std::move(heard.answer);
}

}  // namespace paws::platform
