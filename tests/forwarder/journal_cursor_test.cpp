#include "forwarder/journal_cursor.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws::forwarder;

TEST_CASE("journal cursor: tells the order of its entry, and an order tells a cursor") {
    const std::string cursor =
        "s=739ad463348b4ceca5a9e69c95a3c93f;i=4ece7;b=6c7c6013a26343b29e964691ff25d04c;"
        "m=4fc72436e;t=4c508a72423d9;x=d3e5610681098c10";
    const auto order = entry_order(cursor);
    REQUIRE(order);
    CHECK(order->sequence.id == "739ad463348b4ceca5a9e69c95a3c93f");
    CHECK(order->sequence.number == 0x4ece7);
    CHECK(order->clocks.boot.front() == 0x6c);
    CHECK(order->clocks.boot.back() == 0x4c);
    CHECK(order->clocks.monotonic == 0x4fc72436e);
    CHECK(order->clocks.realtime == 0x4c508a72423d9);
    CHECK(cursor_of(*order) == cursor.substr(0, cursor.find(";x=")));
    CHECK(cursor_by_time(order->clocks) ==
          "b=6c7c6013a26343b29e964691ff25d04c;m=4fc72436e;t=4c508a72423d9");
    const std::string boot = "b=6c7c6013a26343b29e964691ff25d04c";
    const std::string clocks = boot + ";m=1;t=1";
    CHECK(entry_order("s=a;i=1;" + clocks));
    CHECK(entry_order("i=ffffffffffffffff;s=a;" + clocks)->sequence.number == ~std::uint64_t{0});
    for (const auto& odd : {std::string{},
                            std::string{";"},
                            std::string{"no cursor"},
                            std::string{"\xFF"},
                            std::string(1'000'000, ';'),
                            std::string{"s=a;i=1"},
                            "s=a;" + clocks,
                            "s=;i=1;" + clocks,
                            "s=a;i=;" + clocks,
                            "s=a;i=xyz;" + clocks,
                            "s=a;i=-1;" + clocks,
                            "s=a;i=10000000000000000;" + clocks,
                            "s=a;i=1;" + boot + ";m=1",
                            "i=1;" + clocks,
                            "s=a;i=1;" + boot + ";m=1;t=x",
                            "s=a;i=1;" + boot + "0;m=1;t=1",
                            std::string{"s=a;i=1;b=6c7c6013a26343b29e964691ff25d04x;m=1;t=1"},
                            std::string{"s=a;i=1;b=;m=1;t=1"}}) {
        CHECK_FALSE_MESSAGE(entry_order(odd), odd.substr(0, 100));
    }
}
