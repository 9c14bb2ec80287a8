// That GitHub takes its signature is seen with openssl in tests/integration/test_github_api.py.
#include "platform/jwt.h"

#include <doctest/doctest.h>

using namespace paws;
using platform::base64url;
using platform::sign_jwt;

TEST_CASE("base64url: RFC 4648, without padding, with - and _") {
    CHECK(base64url("") == "");
    CHECK(base64url("f") == "Zg");
    CHECK(base64url("fo") == "Zm8");
    CHECK(base64url("foo") == "Zm9v");
    CHECK(base64url("foobar") == "Zm9vYmFy");
    CHECK(base64url("\xFB\xFF\xFE") == "-__-");
}

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
