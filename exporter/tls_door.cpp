#include "exporter/tls_door.h"

#include "exporter/socket_name.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <new>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <sys/socket.h>

namespace paws::exporter {

namespace {

// Nothing is resumed: who was let in under an authority that is gone has to show a certificate
// anew.
constexpr std::uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                  SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE;
// civetweb writes on from where a write has stopped. An idle connection keeps no buffers.
constexpr auto modes =
    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS;

// A connection that has its identity knows its door by this alone: civetweb keeps its own there.
int door_index() {
    static const int index = ::SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

// Leaves OpenSSL's queue to civetweb, who reads it next.
HandshakeRefusal refusal_of(const SSL* connection, std::string peer) {
    const auto error = ::ERR_peek_last_error();
    const auto fault = fault_of_handshake(error);
    const char* why = fault == HandshakeFault::certificate
                          ? ::X509_verify_cert_error_string(::SSL_get_verify_result(connection))
                          : ::ERR_reason_error_string(error);
    return {.fault = fault,
            .why = why != nullptr ? why : "OpenSSL gives no reason",
            .peer = std::move(peer)};
}

// Were it closed with bytes unread, TCP would take back the alert that tells the client why.
void let_go(int socket) {
    static constexpr std::chrono::milliseconds patience{500};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::array<char, 4096> unread{};
    ::shutdown(socket, SHUT_WR);
    for (auto left = patience; left.count() > 0;
         left = std::chrono::duration_cast<std::chrono::milliseconds>(
             deadline - std::chrono::steady_clock::now())) {
        pollfd readable{.fd = socket, .events = POLLIN, .revents = 0};
        if (::poll(&readable, 1, static_cast<int>(left.count())) <= 0 ||
            ::recv(socket, unread.data(), unread.size(), MSG_DONTWAIT) <= 0) {
            return;
        }
    }
}

struct Free {
    void operator()(X509_STORE_CTX* check) const noexcept { ::X509_STORE_CTX_free(check); }
};

// As the handshake asked it, of the authorities of another identity.
bool is_client_of(SSL_CTX* identity, const SSL* connection) {
    auto* certificate = ::SSL_get0_peer_certificate(connection);
    const std::unique_ptr<X509_STORE_CTX, Free> check{::X509_STORE_CTX_new()};
    const bool good = certificate != nullptr && check &&
                      ::X509_STORE_CTX_init(check.get(),
                                            ::SSL_CTX_get_cert_store(identity),
                                            certificate,
                                            ::SSL_get_peer_cert_chain(connection)) == 1 &&
                      ::X509_STORE_CTX_set_default(check.get(), "ssl_client") == 1 &&
                      ::X509_verify_cert(check.get()) == 1;
    ::ERR_clear_error();
    return good;
}

}  // namespace

TlsDoor::TlsDoor(House house)
    : house_{std::move(house)}, context_{::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free} {
    auto* context = context_.get();
    if (context == nullptr || ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        ::SSL_CTX_set_num_tickets(context, 0) != 1) {
        throw std::bad_alloc{};
    }
    ::SSL_CTX_set_options(context, options);
    ::SSL_CTX_set_mode(context, modes);
    ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_verify(context,
                         house_.demands_certificate
                             ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                             : SSL_VERIFY_NONE,
                         nullptr);
    SSL_CTX_set_app_data(context, this);
    ::SSL_CTX_set_client_hello_cb(context, open, this);
    ::SSL_CTX_set_info_callback(context, began);
}

bool TlsDoor::admits_still(int socket) {
    const auto identity = house_.identity();
    const std::lock_guard lock{mutex_};
    const auto guest = guests_.find(socket);
    return guest != guests_.end() &&
           (::SSL_get_SSL_CTX(guest->second.connection) == identity.get() ||
            is_client_of(identity.get(), guest->second.connection));
}

void TlsDoor::came(ssl_st* connection) {
    const int socket = ::SSL_get_fd(connection);
    const std::lock_guard lock{mutex_};
    guests_[socket] = {.connection = connection, .peer = peer_name(socket)};
}

// Who has not said hello yet is asked now.
std::string TlsDoor::name_of(int socket) {
    const std::lock_guard lock{mutex_};
    const auto guest = guests_.find(socket);
    return guest != guests_.end() ? guest->second.peer : peer_name(socket);
}

void TlsDoor::gone(int socket) {
    const std::lock_guard lock{mutex_};
    guests_.erase(socket);
}

int TlsDoor::open(ssl_st* connection, int* alert, void* door) {
    *alert = SSL_AD_INTERNAL_ERROR;
    ::SSL_set_info_callback(connection, ended);  // the context's goes with it
    try {
        ::SSL_set_ex_data(connection, door_index(), door);
        static_cast<TlsDoor*>(door)->came(connection);
        const auto identity = static_cast<TlsDoor*>(door)->house_.identity();
        return ::SSL_set_SSL_CTX(connection, identity.get()) != nullptr ? SSL_CLIENT_HELLO_SUCCESS
                                                                        : SSL_CLIENT_HELLO_ERROR;
    } catch (const std::exception&) {  // C is no way for it
        return SSL_CLIENT_HELLO_ERROR;
    }
}

void TlsDoor::began(const ssl_st* connection, int event, int value) {
    if (event == SSL_CB_HANDSHAKE_START) {
        of(connection).house_.knocked(::SSL_get_fd(connection));
    }
    ended(connection, event, value);
}

void TlsDoor::ended(const ssl_st* connection, int event, int value) {
    // Nothing is in the queue of one that waits for its client, and one who leaves is not refused.
    const auto error = ::ERR_peek_last_error();
    const bool left = ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (event == SSL_CB_ACCEPT_EXIT && value <= 0 && error != 0 && !left) {
        of(connection).tell_refusal(connection);
        let_go(::SSL_get_fd(connection));
    }
}

TlsDoor& TlsDoor::of(const ssl_st* connection) {
    auto* door = ::SSL_get_ex_data(connection, door_index());
    return *static_cast<TlsDoor*>(
        door != nullptr ? door : SSL_CTX_get_app_data(::SSL_get_SSL_CTX(connection)));
}

void TlsDoor::tell_refusal(const ssl_st* connection) {
    try {
        house_.refused(refusal_of(connection, name_of(::SSL_get_fd(connection))));
    } catch (const std::exception&) {  // C is no way for it, and the refusal stands
        return;
    }
}

}  // namespace paws::exporter
