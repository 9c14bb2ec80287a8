#include "platform/jwt.h"

#include "platform/base64.h"

#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace paws::platform {

namespace {

struct Free {
    void operator()(BIO* bio) const noexcept { ::BIO_free(bio); }
    void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const noexcept { ::EVP_MD_CTX_free(context); }
};

// The default asks the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
    return -1;
}

std::unique_ptr<EVP_PKEY, Free> rsa_key(std::string_view pem) {
    const std::unique_ptr<BIO, Free> text{
        ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    std::unique_ptr<EVP_PKEY, Free> key{
        text ? ::PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr) : nullptr};
    if (key && ::EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
        key.reset();
    }
    ::ERR_clear_error();
    return key;
}

}  // namespace

Result<std::string> sign_jwt(std::string_view claims, std::string_view key) {
    const auto rsa = rsa_key(key);
    if (!rsa) {
        return Error{Errc::malformed, "is not an RSA private key in PEM without a passphrase"};
    }
    auto text = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(claims);
    const std::unique_ptr<EVP_MD_CTX, Free> context{::EVP_MD_CTX_new()};
    std::string signature(static_cast<std::size_t>(::EVP_PKEY_get_size(rsa.get())), '\0');
    std::size_t length = signature.size();
    const bool done =
        context &&
        ::EVP_DigestSignInit(context.get(), nullptr, ::EVP_sha256(), nullptr, rsa.get()) == 1 &&
        ::EVP_DigestSign(context.get(),
                         reinterpret_cast<unsigned char*>(signature.data()),
                         &length,
                         reinterpret_cast<const unsigned char*>(text.data()),
                         text.size()) == 1;
    if (!done) {
        ::ERR_clear_error();
        return Error{Errc::io, "cannot sign with this key"};
    }
    signature.resize(length);
    return text + "." + base64url(signature);
}

}  // namespace paws::platform
