#include "platform/base64.h"

#include <doctest/doctest.h>

namespace paws {

using platform::base64;
using platform::base64url;

TEST_CASE("base64: RFC 4648, padded") {
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xFB\xFF\xFE") == "+//+");
}

TEST_CASE("base64url: RFC 4648, without padding, with - and _") {
    CHECK(base64url("") == "");
    CHECK(base64url("f") == "Zg");
    CHECK(base64url("fo") == "Zm8");
    CHECK(base64url("foo") == "Zm9v");
    CHECK(base64url("foobar") == "Zm9vYmFy");
    CHECK(base64url("\xFB\xFF\xFE") == "-__-");
}

}  // namespace paws
