#include "collectors/network.h"

#include "tests/collectors/bad_inputs.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws;
using collectors::parse_network;

namespace {

const std::string headings =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n";

}  // namespace

TEST_CASE("parse_network: bytes, errors and drops of both directions") {
    const auto devices =
        parse_network(headings +
                      "    lo:    3735      37    0    0    0     0          0         0     3736"
                      "      37    0    0    0     0       0          0\n"
                      "  eth0: 352049873    7778    1    2    3     4          5         6   363309"
                      "    4166    7    8    0     0       0          0\n")
            .value();
    REQUIRE(devices.size() == 2);
    CHECK(devices[0].device == "lo");
    CHECK(devices[0].transmit.bytes == 3736);
    CHECK(devices[1].device == "eth0");
    CHECK(devices[1].receive.bytes == 352049873);
    CHECK(devices[1].receive.errs == 1);
    CHECK(devices[1].receive.drop == 2);
    CHECK(devices[1].transmit.errs == 7);
    CHECK(devices[1].transmit.drop == 8);
}

TEST_CASE("parse_network: a number may follow the colon at once") {
    CHECK(parse_network(headings + "eth0:12 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n")
              .value()[0]
              .receive.bytes == 12);
}

TEST_CASE("parse_network: a namespace without devices has none") {
    CHECK(parse_network(headings).value().empty());
}

TEST_CASE("parse_network: a name that is no UTF-8 is shown so that it can be a label") {
    const auto devices =
        parse_network(headings + "et\xFF\x1B: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n").value();
    CHECK(devices[0].device == "et\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("parse_network: refuses what is short or garbage") {
    CHECK_FALSE(parse_network(headings + "eth0: 1 2 3 4 5 6 7 8 9 10 11\n"));
    CHECK_FALSE(parse_network(headings + "eth0 1 2 3 4 5 6 7 8 9 10 11 12\n"));
    CHECK_FALSE(parse_network(headings.substr(0, 40)));
    for (const auto& text : bad_inputs()) {
        CHECK_FALSE(parse_network(text));
        if (!text.empty()) {
            CHECK_FALSE(parse_network(headings + text));
        }
    }
}
