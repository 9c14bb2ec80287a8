// TestAuthority: a certificate authority of its own that issues certificates into PEM files.

#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace paws {

struct CertificateFiles {
    std::string cert;
    std::string key;
};

class TestAuthority {
public:
    // Writes the authority's own certificate, which who trusts it needs.
    TestAuthority(std::filesystem::path directory, const std::string& name);

    const std::string& file() const { return file_; }
    // For `alternative`, "DNS:server.example" or "IP:127.0.0.1", into <stem>.pem and <stem>.key,
    // over what was there.
    CertificateFiles issue(const std::string& stem, const std::string& alternative) const;

private:
    struct Free {
        void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
        void operator()(X509* certificate) const { ::X509_free(certificate); }
    };
    using Key = std::unique_ptr<EVP_PKEY, Free>;
    using Certificate = std::unique_ptr<X509, Free>;

    Certificate certify(const std::string& name, EVP_PKEY* key) const;
    static void extend(X509* certificate, int extension, const std::string& value);
    static void write(const std::string& path, X509* certificate);

    std::filesystem::path directory_;
    std::string file_;
    Key key_;
    Certificate certificate_;
};

}  // namespace paws
