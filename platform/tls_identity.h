// TlsIdentity: who a TLS server is and whose clients it lets in, made of PEM files. What it says of
// them names the file and never what stands in it. How TLS is spoken is not decided here.

#pragma once

#include "core/result.h"
#include "core/time.h"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace paws::platform {

class TlsIdentity {
public:
    // A connection that was begun with it keeps what it needs.
    using Context = std::shared_ptr<ssl_ctx_st>;

    TlsIdentity();

    // The server's certificate, then those between it and its authority.
    Result<void> use_certificate(const std::string& path);
    // Of that certificate: a secret (platform/secret_file.h), without a passphrase.
    Result<void> use_key(const std::string& path);
    // The authorities of the clients' certificates, one at least; none needs to be a root.
    Result<void> trust_clients_of(const std::string& path);

    const Context& context() const { return context_; }
    WallTime expires() const { return expires_; }  // the first of the certificates shown

private:
    Context context_;
    WallTime expires_ = WallTime::max();
};

}  // namespace paws::platform
