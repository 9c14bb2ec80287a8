#include "exporter/server.h"

#include "exporter/civetweb_sockets.h"
#include "exporter/connections.h"
#include "exporter/listen_address.h"
#include "exporter/site.h"
#include "exporter/socket_name.h"

#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include <civetweb.h>
#include <sys/socket.h>

namespace paws::exporter {

namespace {

constexpr std::size_t threads = 16;  // each costs about 30 kB once it has served
constexpr std::chrono::milliseconds patience{100};

std::string_view header(const mg_connection* connection, const char* name) {
    const char* value = mg_get_header(connection, name);
    return value != nullptr ? value : "";
}

bool is_unix(std::string_view address) {
    return address == "*";  // civetweb's name for the other end
}

Way way_of(std::string_view address) {
    if (is_unix(address)) {
        return Way::unix_socket;
    }
    const bool local =
        address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
    return local ? Way::loopback : Way::network;
}

bool has_body(const mg_connection* connection, const mg_request_info& info) {
    return info.content_length > 0 || mg_get_header(connection, "Transfer-Encoding") != nullptr;
}

// A body is not read: whoever sends one is answered and hung up.
bool ends_here(const mg_connection* connection, const mg_request_info& info) {
    const std::string_view version = info.http_version != nullptr ? info.http_version : "";
    const char* wish = mg_get_header(connection, "Connection");
    const bool leaves = wish != nullptr && mg_strcasecmp(wish, "keep-alive") != 0;
    return leaves || version != "1.1" || has_body(connection, info);
}

Request request_of(const mg_connection* connection, const mg_request_info& info) {
    return {.method = info.request_method,
            .path = info.local_uri_raw != nullptr ? info.local_uri_raw : "",
            .query = info.query_string != nullptr ? info.query_string : "",
            .accept = header(connection, "Accept"),
            .accept_encoding = header(connection, "Accept-Encoding"),
            // No browser is led to a unix socket by a foreign name.
            .host = is_unix(info.remote_addr) ? "" : header(connection, "Host"),
            .authorization = header(connection, "Authorization"),
            .peer = info.remote_addr,
            .way = way_of(info.remote_addr),
            .certified = info.client_cert != nullptr,
            .has_body = has_body(connection, info)};
}

Result<std::vector<ListenAddress>> usable_addresses(const std::vector<std::string>& texts) {
    std::vector<ListenAddress> addresses;
    for (const auto& text : texts) {
        auto address = parse_listen_address(text);
        if (!address) {
            return address.error();
        }
        if (const auto usable = check_listen_address(*address); !usable) {
            return usable.error();
        }
        addresses.push_back(*std::move(address));
    }
    return addresses;
}

std::string civetweb_ports(const std::vector<ListenAddress>& addresses, Speech speech) {
    std::string ports;
    for (const auto& address : addresses) {
        ports += (ports.empty() ? "" : ",") + civetweb_port(address, speech);
    }
    return ports;
}

}  // namespace

// civetweb's callbacks find this through the context's user data. It does not move.
class Server::Running {
public:
    Running(const ServerOptions& options, Sources sources) : connections_{threads, patience} {
        if (options.tls) {
            door_.emplace(
                TlsDoor::House{.identity = sources.identity,
                               .knocked = [this](int socket) { connections_.taken(socket); },
                               .refused = sources.handshake_refused,
                               .demands_certificate = options.locks.certificate});
        }
        site_.emplace(options.metrics, std::move(sources), options.locks);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running();

    Result<void> start(const std::string& ports);
    const std::vector<std::string>& addresses() const { return addresses_; }

private:
    static Running& of(const mg_connection* connection) {
        return *static_cast<Running*>(mg_get_user_data(mg_get_context(connection)));
    }
    static mg_callbacks callbacks();
    static int refuse(mg_connection* connection, int status, const char* why);

    void complain(const char* message);
    int answer(mg_connection* connection);
    void gone(int socket);
    void remember_addresses();

    Connections connections_;
    std::optional<TlsDoor> door_;
    std::optional<Site> site_;
    std::mutex complaints_mutex_;
    std::optional<std::string> complaints_{""};  // of civetweb, while it starts
    std::vector<std::string> addresses_;
    mg_context* context_ = nullptr;
};

Server::Running::~Running() {
    if (context_ == nullptr) {
        return;
    }
    connections_.stop();
    for (unsigned at = 0; paws_civetweb_listener(context_, at) >= 0; ++at) {
        ::shutdown(paws_civetweb_listener(context_, at), SHUT_RD);  // ends the wait in its poll
    }
    mg_stop(context_);
    mg_exit_library();
}

mg_callbacks Server::Running::callbacks() {
    mg_callbacks calls{};
    calls.log_message = [](const mg_connection* connection, const char* message) {
        of(connection).complain(message);
        return 1;  // civetweb keeps no log of its own
    };
    // With TLS it has had its thread since its handshake began.
    calls.init_connection = [](const mg_connection* connection, void** /*data*/) {
        of(connection).connections_.taken(paws_civetweb_socket(connection));
        return 0;
    };
    calls.begin_request = [](mg_connection* connection) {
        return of(connection).answer(connection);
    };
    calls.http_error = refuse;
    // Asked again at the end, when it stays ours. Without TLS it is asked, too: civetweb 1.15 takes
    // a digit before an 's' or an 'r' anywhere, as in a path, for a TLS port (is_ssl_port_used()).
    calls.external_ssl_ctx = [](void** context, void* running) {
        const auto& door = static_cast<Running*>(running)->door_;
        *context = door ? door->context() : nullptr;
        return 1;
    };
    calls.connection_close = [](const mg_connection* connection) {
        of(connection).gone(paws_civetweb_socket(connection));
    };
    return calls;
}

Result<void> Server::Running::start(const std::string& ports) {
    static const auto thread_count = std::to_string(threads);
    const std::array options{"listening_ports",
                             ports.c_str(),
                             "num_threads",
                             thread_count.c_str(),
                             "connection_queue",
                             "128",
                             "max_request_size",
                             "8192",
                             "request_timeout_ms",
                             "5000",
                             "enable_keep_alive",
                             "yes",
                             "keep_alive_timeout_ms",
                             "75000",
                             "tcp_nodelay",
                             "1",
                             "decode_url",
                             "no",
                             "enable_directory_listing",
                             "no",
                             static_cast<const char*>(nullptr)};
    const auto calls = callbacks();
    mg_init_data init{.callbacks = &calls,
                      .user_data = this,
                      .configuration_options = const_cast<const char**>(options.data())};
    std::array<char, 256> text{};
    mg_error_data error{.code = nullptr, .text = text.data(), .text_buffer_size = text.size()};
    mg_init_library(0);
    context_ = mg_start2(&init, &error);
    const std::lock_guard lock{complaints_mutex_};
    const auto complaints = std::exchange(complaints_, std::nullopt).value_or("");
    if (context_ == nullptr) {
        mg_exit_library();
        return Error{Errc::unavailable,
                     "cannot listen: " + (complaints.empty() ? text.data() : complaints)};
    }
    remember_addresses();
    return {};
}

void Server::Running::remember_addresses() {
    for (unsigned at = 0; paws_civetweb_listener(context_, at) >= 0; ++at) {
        addresses_.push_back(socket_name(paws_civetweb_listener(context_, at)));
    }
}

// A thread may have a connection to complain of before the start is over.
void Server::Running::complain(const char* message) {
    const std::lock_guard lock{complaints_mutex_};
    if (complaints_) {
        *complaints_ += (complaints_->empty() ? "" : "; ") + std::string{message};
    }
}

int Server::Running::answer(mg_connection* connection) {
    const auto socket = paws_civetweb_socket(connection);
    const auto& info = *mg_get_request_info(connection);
    connections_.asked(socket);
    auto request = request_of(connection, info);
    // Whose authority is gone since the handshake is hung up on, to be refused in the next.
    const bool expelled = request.certified && door_ && !door_->admits_still(socket);
    request.certified = request.certified && !expelled;
    Answer answer;
    try {
        answer = site_->answer(request);
    } catch (const std::exception& bug) {
        answer = {.status = 500,
                  .body = std::make_shared<const std::string>(std::string{bug.what()} + "\n")};
    }
    const bool closing = expelled || ends_here(connection, info);
    if (closing) {
        mg_disable_connection_keep_alive(connection);
    }
    const auto wire = to_wire(answer,
                              request.method == "HEAD" ? Send::head : Send::all,
                              closing ? After::close : After::keep);
    connections_.answered(socket);
    mg_write(connection, wire.data(), wire.size());
    return answer.status;
}

void Server::Running::gone(int socket) {
    if (door_) {
        door_->gone(socket);
    }
    connections_.gone(socket);
}

// What civetweb could not read as a request.
int Server::Running::refuse(mg_connection* connection, int status, const char* why) {
    mg_disable_connection_keep_alive(connection);
    const Answer answer{.status = status,
                        .body = std::make_shared<const std::string>(std::string{why} + "\n")};
    const auto wire = to_wire(answer, Send::all, After::close);
    mg_write(connection, wire.data(), wire.size());
    return 0;
}

Result<Server> Server::start(const ServerOptions& options, Sources sources) {
    const auto addresses = usable_addresses(options.listen);
    if (!addresses) {
        return addresses.error();
    }
    try {
        auto running = std::make_unique<Running>(options, std::move(sources));
        const auto speech = options.tls ? Speech::tls : Speech::plain;
        if (const auto started = running->start(civetweb_ports(*addresses, speech)); !started) {
            return started.error();
        }
        for (const auto& address : *addresses) {
            if (const auto admitted = admit_group(address); !admitted) {
                return admitted.error();
            }
        }
        return Server{std::move(running)};
    } catch (const std::system_error& refused) {
        return Error{Errc::unavailable,
                     std::string{"the web server cannot start a thread: "} + refused.what()};
    }
}

Server::Server(std::unique_ptr<Running> running) : running_{std::move(running)} {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

const std::vector<std::string>& Server::addresses() const {
    return running_->addresses();
}

}  // namespace paws::exporter
