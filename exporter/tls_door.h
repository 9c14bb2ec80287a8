// TlsDoor: how TLS is spoken, and with which certificate: each handshake takes the one that is in
// force when it begins (docs/adr/0016-tls-at-the-door.md). Safe for concurrent use.

#pragma once

#include "exporter/handshake_refusal.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace paws::exporter {

// With its key, and the authorities of the clients.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

class TlsDoor {
public:
    struct House {
        std::function<TlsContext()> identity;  // for the next handshake, never null
        std::function<void(int)> knocked;      // on this socket a handshake begins
        std::function<void(const HandshakeRefusal&)> refused;
        bool demands_certificate = false;  // of every client
    };

    explicit TlsDoor(House house);
    TlsDoor(const TlsDoor&) = delete;
    TlsDoor& operator=(const TlsDoor&) = delete;
    TlsDoor(TlsDoor&&) = delete;
    TlsDoor& operator=(TlsDoor&&) = delete;
    ~TlsDoor() = default;

    // Whether who came in on this socket would be let in now: the authority may be gone.
    bool admits_still(int socket);
    void gone(int socket);  // before it is closed

    // For civetweb, which makes every connection's state of it.
    ssl_ctx_st* context() const { return context_.get(); }

private:
    struct Guest {
        ssl_st* connection = nullptr;
        std::string peer;  // who has left already has no name any more
    };

    static int open(ssl_st* connection, int* alert, void* door);
    // What OpenSSL tells of a connection: before it has its identity, and then.
    static void began(const ssl_st* connection, int event, int value);
    static void ended(const ssl_st* connection, int event, int value);

    static TlsDoor& of(const ssl_st* connection);

    void tell_refusal(const ssl_st* connection);
    void came(ssl_st* connection);
    std::string name_of(int socket);

    House house_;
    TlsContext context_;
    std::mutex mutex_;
    std::map<int, Guest> guests_;  // by their sockets
};

}  // namespace paws::exporter
