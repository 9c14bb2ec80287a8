#include "forwarder/trigger_scan.h"

#include <doctest/doctest.h>

using paws::forwarder::TriggerScan;

TEST_CASE("trigger scan: a word is found wherever it stands, but at the very end") {
    const TriggerScan scan{{{"key", 1}, {"token", 2}}};
    for (std::size_t length = 0; length < 24; ++length) {
        for (std::size_t at = 0; at + 3 <= length; ++at) {
            CAPTURE(length);
            CAPTURE(at);
            std::string line(length, '.');
            CHECK(scan.find(line) == 0);
            CHECK(scan.find(line.replace(at, 3, at % 2 == 0 ? "key" : "KEY")) ==
                  (at + 3 < length ? 1U : 0U));
        }
    }
    CHECK(scan.find("a token and a key.") == 3);
    CHECK(scan.find("tokentokenkeykey.") == 3);
    CHECK(scan.find("toke kay") == 0);
}
