#include "platform/tls_identity.h"

#include "platform/system_clock.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_authority.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using namespace std::chrono_literals;
using platform::TlsIdentity;

namespace {

struct Rig {
    TemporaryDirectory dir;
    TestAuthority authority{dir.path(), "authority"};
    CertificateFiles server{authority.issue("server", "DNS:localhost")};

    std::string write(const std::string& name, const std::string& text) const {
        auto path = (dir.path() / name).string();
        std::ofstream{path} << text;
        ::chmod(path.c_str(), 0600);
        return path;
    }
};

std::string fault(const Result<void>& done) {
    return done ? "accepted" : done.error().what;
}

}  // namespace

TEST_CASE("TlsIdentity: a certificate, its key and the clients' authorities") {
    const Rig rig;
    TlsIdentity identity;
    CHECK(fault(identity.use_certificate(rig.server.cert)) == "accepted");
    CHECK(fault(identity.use_key(rig.server.key)) == "accepted");
    CHECK(fault(identity.trust_clients_of(rig.authority.file())) == "accepted");
    const auto left = identity.expires() - platform::now().wall;
    CHECK(left > 59min);
    CHECK(left <= 60min);
}

TEST_CASE("TlsIdentity: the key of another certificate is told, with how to see it") {
    const Rig rig;
    const auto other = rig.authority.issue("other", "DNS:other");
    TlsIdentity identity;
    REQUIRE(identity.use_certificate(rig.server.cert));
    CHECK(fault(identity.use_key(other.key)) ==
          other.key + ": is not the key of the certificate; `openssl pkey -pubout -in " +
              other.key + "` and `openssl x509 -noout -pubkey -in CERTIFICATE` must say the same");
}

TEST_CASE("TlsIdentity: what is no PEM, or a piece of one, is refused by its file's name") {
    const Rig rig;
    const auto path = rig.dir.path() / "server.pem";
    const auto size = std::filesystem::file_size(path);
    TlsIdentity identity;
    const auto garbage = rig.write("garbage",
                                   "\x7F"
                                   "ELF nonsense");
    CHECK(fault(identity.use_certificate(garbage)) == garbage + ": holds no certificate in PEM");
    CHECK(fault(identity.use_certificate(rig.write("empty", "")))
              .ends_with("empty: holds no certificate in PEM"));
    CHECK(fault(identity.use_certificate("/dev/zero")).starts_with("/dev/zero: "));
    CHECK(fault(identity.use_certificate("/nowhere")) == "/nowhere: No such file or directory");
    CHECK(fault(identity.trust_clients_of(garbage)) == garbage + ": holds no certificate in PEM");
    CHECK(fault(identity.use_key(garbage)) ==
          garbage + ": holds no private key in PEM without a passphrase");
    std::filesystem::resize_file(path, size - 40);
    CHECK(fault(identity.use_certificate(path))
              .starts_with(path.string() + ": holds something that is no certificate in PEM: "));
}

TEST_CASE("TlsIdentity: a key that others may read is refused") {
    const Rig rig;
    ::chmod(rig.server.key.c_str(), 0644);
    TlsIdentity identity;
    REQUIRE(identity.use_certificate(rig.server.cert));
    CHECK(fault(identity.use_key(rig.server.key)).ends_with("run: chmod 0640 " + rig.server.key));
}

TEST_CASE("TlsIdentity: a client's authority must be one") {
    const Rig rig;
    TlsIdentity identity;
    CHECK(fault(identity.trust_clients_of(rig.server.cert)) ==
          rig.server.cert + ": holds a certificate that is no authority's");
}
