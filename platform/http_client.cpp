#include "platform/http_client.h"

#include "core/text.h"
#include "platform/http_connection.h"
#include "platform/resolve.h"

#include <exception>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

namespace paws::platform {

namespace {

namespace asio = boost::asio;

// What it is given outlives its frame.
asio::awaitable<void> ask(HttpConnection& connection,
                          const HttpRequest& request,
                          std::optional<HttpResult>& result) {
    result = co_await connection.exchange(request);
}

}  // namespace

HttpResult exchange(const HttpRequest& request, const HttpOptions& options) {
    try {
        auto once = options;
        once.keep = Keep::no;
        std::optional<HttpResult> result;
        asio::io_context loop{1};
        HttpConnection connection{loop, request.url, once, {.ask_on = AskOn::loop}};
        asio::co_spawn(
            loop, ask(connection, request, result), [](const std::exception_ptr& thrown) {
                if (thrown) {
                    std::rethrow_exception(thrown);
                }
            });
        loop.run();
        return *std::move(result);
    } catch (const boost::system::system_error& refused) {  // no descriptor or no memory for it
        return ReachFailure{.stage = ReachStage::connect, .what = printable(refused.what())};
    }
}

}  // namespace paws::platform
