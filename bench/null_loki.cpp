// A Loki that keeps nothing: takes every push at once and answers 204, so that what is measured is
// who pushes. `null_loki` prints its port; it ends with its standard input.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;

void serve(tcp::socket socket) {
    beast::flat_buffer buffer;
    boost::system::error_code failed;
    socket.set_option(tcp::no_delay{true}, failed);
    while (!failed) {
        http::request_parser<http::string_body> request;
        request.body_limit(64U << 20U);
        http::read(socket, buffer, request, failed);
        if (failed) {
            return;
        }
        const bool push = request.get().method() == http::verb::post;
        http::response<http::empty_body> answer{
            push ? http::status::no_content : http::status::not_found, 11};
        answer.keep_alive(true);
        answer.prepare_payload();
        http::write(socket, answer, failed);
    }
}

}  // namespace

int main() try {
    boost::asio::io_context loop{1};
    tcp::acceptor acceptor{loop, {boost::asio::ip::make_address("127.0.0.1"), 0}};
    std::printf("%u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
    std::fflush(stdout);
    std::thread{[&acceptor] {
        for (;;) {
            std::thread{serve, acceptor.accept()}.detach();
        }
    }}.detach();
    while (std::fgetc(stdin) != EOF) {
    }
    std::_Exit(0);
} catch (const std::exception& error) {
    std::fprintf(stderr, "null_loki: %s\n", error.what());
    return 1;
}
