#include "tests/support/test_authority.h"

#include <cstdio>
#include <stdexcept>
#include <utility>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace paws {

namespace {

void need(bool done) {
    if (!done) {
        throw std::runtime_error{"no certificate could be made"};
    }
}

struct Close {
    void operator()(std::FILE* file) const {
        if (std::fclose(file) != 0) {
            std::perror("a certificate");
        }
    }
};

std::unique_ptr<std::FILE, Close> create(const std::string& path) {
    std::filesystem::remove(path);
    std::unique_ptr<std::FILE, Close> file{std::fopen(path.c_str(), "wx")};
    need(file != nullptr);
    return file;
}

}  // namespace

TestAuthority::TestAuthority(std::filesystem::path directory, const std::string& name)
    : directory_{std::move(directory)},
      file_{directory_ / (name + ".pem")},
      key_{EVP_EC_gen("P-256")} {
    certificate_ = certify(name, key_.get());
    extend(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    need(::X509_sign(certificate_.get(), key_.get(), ::EVP_sha256()) > 0);
    write(file_, certificate_.get());
}

CertificateFiles TestAuthority::issue(const std::string& stem,
                                      const std::string& alternative) const {
    CertificateFiles files{.cert = directory_ / (stem + ".pem"),
                           .key = directory_ / (stem + ".key")};
    const Key key{EVP_EC_gen("P-256")};
    const auto certificate = certify(stem, key.get());
    extend(certificate.get(), NID_subject_alt_name, alternative);
    need(::X509_sign(certificate.get(), key_.get(), ::EVP_sha256()) > 0);
    write(files.cert, certificate.get());
    const auto file = create(files.key);
    std::filesystem::permissions(files.key, std::filesystem::perms::owner_read);
    need(::PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return files;
}

// Issued by the authority; by itself when that has none yet. Not signed.
TestAuthority::Certificate TestAuthority::certify(const std::string& name, EVP_PKEY* key) const {
    Certificate certificate{::X509_new()};
    std::int64_t serial = 0;
    need(::RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 7) == 1);
    ::ASN1_INTEGER_set_int64(::X509_get_serialNumber(certificate.get()), serial + 1);
    ::X509_set_version(certificate.get(), X509_VERSION_3);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -60);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), 3600);
    ::X509_set_pubkey(certificate.get(), key);
    auto* subject = ::X509_get_subject_name(certificate.get());
    need(::X509_NAME_add_entry_by_txt(subject,
                                      "CN",
                                      MBSTRING_ASC,
                                      reinterpret_cast<const unsigned char*>(name.c_str()),
                                      -1,
                                      -1,
                                      0) == 1);
    ::X509_set_issuer_name(certificate.get(),
                           certificate_ ? ::X509_get_subject_name(certificate_.get()) : subject);
    return certificate;
}

void TestAuthority::extend(X509* certificate, int extension, const std::string& value) {
    auto* made = ::X509V3_EXT_conf_nid(nullptr, nullptr, extension, value.c_str());
    need(made != nullptr && ::X509_add_ext(certificate, made, -1) == 1);
    ::X509_EXTENSION_free(made);
}

void TestAuthority::write(const std::string& path, X509* certificate) {
    const auto file = create(path);
    need(::PEM_write_X509(file.get(), certificate) == 1);
}

}  // namespace paws
