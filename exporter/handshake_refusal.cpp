#include "exporter/handshake_refusal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace paws::exporter {

HandshakeFault fault_of_handshake(unsigned long error) {
    const auto reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    switch (reason) {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return HandshakeFault::no_certificate;
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            return HandshakeFault::certificate;
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_NO_SHARED_GROUPS:
        case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
            return HandshakeFault::protocol;
        default:
            // An alert that the client sent.
            return reason > SSL_AD_REASON_OFFSET ? HandshakeFault::client : HandshakeFault::other;
    }
}

}  // namespace paws::exporter
