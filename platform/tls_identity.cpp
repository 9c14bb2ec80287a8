#include "platform/tls_identity.h"

#include "core/text.h"
#include "platform/root_fs.h"
#include "platform/secret_file.h"

#include <algorithm>
#include <ctime>
#include <new>
#include <vector>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace paws::platform {

namespace {

constexpr std::size_t certificates_limit = 1U << 20U;

// Of TLS 1.2: keys that are of no use to who records today and steals the certificate's tomorrow,
// and no padding to guess at. Those of TLS 1.3 are all of that kind.
constexpr auto ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct Free {
    void operator()(BIO* bio) const noexcept { ::BIO_free(bio); }
    void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
    void operator()(X509* certificate) const noexcept { ::X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, Free>;

// The default asks the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
    return -1;
}

std::unique_ptr<BIO, Free> reader_of(const std::string& text) {
    return std::unique_ptr<BIO, Free>{
        ::BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

// Takes what OpenSSL has to say.
std::string reason() {
    const auto code = ::ERR_peek_last_error();
    const char* text = ::ERR_reason_error_string(code);
    ::ERR_clear_error();
    return text == nullptr ? "OpenSSL gives no reason" : printable(text);
}

Error fault(const std::string& path, std::string_view what) {
    return {Errc::malformed, path + ": " + std::string{what}};
}

Result<std::vector<Certificate>> read_certificates(const std::string& path) {
    const auto root = RootFs::open("/");
    const auto below = std::string_view{path}.substr(path.starts_with('/') ? 1 : 0);
    const auto text =
        root ? root->read(below, certificates_limit) : Result<std::string>{root.error()};
    if (!text) {
        return text.error();
    }
    const auto reader = reader_of(*text);
    std::vector<Certificate> certificates;
    while (Certificate next{::PEM_read_bio_X509(reader.get(), nullptr, no_passphrase, nullptr)}) {
        certificates.push_back(std::move(next));
    }
    const bool ended = ERR_GET_REASON(::ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const auto why = reason();
    if (!ended) {
        return fault(path, "holds something that is no certificate in PEM: " + why);
    }
    if (certificates.empty()) {
        return fault(path, "holds no certificate in PEM");
    }
    return certificates;
}

WallTime end_of(const X509* certificate) {
    std::tm end{};
    if (::ASN1_TIME_to_tm(::X509_get0_notAfter(certificate), &end) != 1) {
        ::ERR_clear_error();
        return WallTime::min();
    }
    // Beyond what nanoseconds can count, the year 9999 for instance, it does not expire.
    const auto seconds = ::timegm(&end);
    static constexpr auto last =
        std::chrono::duration_cast<std::chrono::seconds>(WallTime::max().time_since_epoch());
    return seconds > last.count() ? WallTime::max() : WallTime{std::chrono::seconds{seconds}};
}

}  // namespace

TlsIdentity::TlsIdentity() : context_{::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free} {
    if (!context_ || ::SSL_CTX_set_cipher_list(context_.get(), ciphers) != 1) {
        throw std::bad_alloc{};
    }
}

Result<void> TlsIdentity::use_certificate(const std::string& path) {
    const auto certificates = read_certificates(path);
    if (!certificates) {
        return certificates.error();
    }
    auto* own = certificates->front().get();
    if (::X509_check_purpose(own, X509_PURPOSE_SSL_SERVER, 0) != 1) {
        ::ERR_clear_error();
        return fault(path, "is no server's certificate by its extended key usage");
    }
    bool taken = ::SSL_CTX_use_certificate(context_.get(), own) == 1;
    for (const auto& certificate : *certificates) {
        expires_ = std::min(expires_, end_of(certificate.get()));
        taken = taken && (certificate.get() == own ||
                          ::SSL_CTX_add1_chain_cert(context_.get(), certificate.get()) == 1);
    }
    return taken ? Result<void>{} : fault(path, "cannot be used: " + reason());
}

Result<void> TlsIdentity::use_key(const std::string& path) {
    const auto text = read_secret(path);
    if (!text) {
        return text.error();
    }
    const std::unique_ptr<EVP_PKEY, Free> key{
        ::PEM_read_bio_PrivateKey(reader_of(*text).get(), nullptr, no_passphrase, nullptr)};
    if (!key) {
        ::ERR_clear_error();
        return fault(path, "holds no private key in PEM without a passphrase");
    }
    const auto* certificate = ::SSL_CTX_get0_certificate(context_.get());
    if (certificate == nullptr || ::X509_check_private_key(certificate, key.get()) != 1) {
        ::ERR_clear_error();
        return fault(path,
                     "is not the key of the certificate; `openssl pkey -pubout -in " + path +
                         "` and `openssl x509 -noout -pubkey -in CERTIFICATE` must say the same");
    }
    return ::SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1
               ? Result<void>{}
               : fault(path, "cannot be used: " + reason());
}

Result<void> TlsIdentity::trust_clients_of(const std::string& path) {
    const auto certificates = read_certificates(path);
    if (!certificates) {
        return certificates.error();
    }
    // An authority between the root and the clients is as good a place to begin to trust.
    ::X509_STORE_set_flags(::SSL_CTX_get_cert_store(context_.get()), X509_V_FLAG_PARTIAL_CHAIN);
    for (const auto& authority : *certificates) {
        if (::X509_check_ca(authority.get()) == 0) {
            ::ERR_clear_error();
            return fault(path, "holds a certificate that is no authority's");
        }
        if (::X509_STORE_add_cert(::SSL_CTX_get_cert_store(context_.get()), authority.get()) != 1 ||
            ::SSL_CTX_add_client_CA(context_.get(), authority.get()) != 1) {
            return fault(path, "cannot be used: " + reason());
        }
    }
    return {};
}

}  // namespace paws::platform
