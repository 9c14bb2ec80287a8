// That GitHub takes its signature is seen with openssl in tests/integration/test_github_api.py.
#include "platform/jwt.h"

#include <doctest/doctest.h>

using namespace paws;
using platform::sign_jwt;

TEST_CASE(
    "sign_jwt: what is no RSA key is refused and not shown, and nobody is asked for a passphrase") {
    static constexpr auto encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIIBvTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQI\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n";
    for (const auto* key : {"", "secret words", encrypted}) {
        const auto token = sign_jwt("{}", key);
        REQUIRE_FALSE(token);
        CHECK(token.error().what == "is not an RSA private key in PEM without a passphrase");
    }
}
