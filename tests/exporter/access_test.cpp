#include "exporter/access.h"

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace paws::exporter;

namespace {

struct Row {
    Locks locks;
    Visitor visitor;
    std::array<Entry, 4> entries;  // alive, watch, inner, nowhere
};

constexpr auto ok = Entry::granted;
constexpr auto cert = Entry::needs_certificate;
constexpr auto token = Entry::needs_token;
constexpr auto local = Entry::only_local;
constexpr auto name = Entry::foreign_name;

constexpr Locks none{};
constexpr Locks by_token{.token = true};
constexpr Locks by_certificate{.certificate = true};
constexpr Locks by_both{.certificate = true, .token = true};

constexpr auto network = Way::network;
constexpr auto loopback = Way::loopback;
constexpr auto file = Way::unix_socket;

// way, certified, right_token, by_foreign_name
const std::vector<Row> table{
    {none, {network, false, false, true}, {ok, ok, local, ok}},
    {none, {network, false, false, false}, {ok, ok, local, ok}},
    {none, {network, true, true, false}, {ok, ok, local, ok}},
    {none, {loopback, false, false, false}, {ok, ok, ok, ok}},
    {none, {loopback, false, false, true}, {ok, ok, name, ok}},
    {none, {file, false, false, true}, {ok, ok, ok, ok}},

    {by_token, {network, false, false, true}, {ok, token, token, token}},
    {by_token, {network, true, false, true}, {ok, token, token, token}},
    {by_token, {network, false, true, true}, {ok, ok, ok, ok}},
    {by_token, {loopback, false, false, false}, {ok, token, token, token}},
    {by_token, {loopback, false, true, false}, {ok, ok, ok, ok}},
    {by_token, {loopback, false, true, true}, {ok, ok, ok, ok}},
    {by_token, {file, false, false, true}, {ok, ok, ok, ok}},

    {by_certificate, {network, false, false, false}, {ok, cert, cert, cert}},
    {by_certificate, {network, false, true, false}, {ok, cert, cert, cert}},
    {by_certificate, {network, true, false, true}, {ok, ok, ok, ok}},
    {by_certificate, {loopback, false, false, false}, {ok, cert, cert, cert}},
    {by_certificate, {loopback, true, false, true}, {ok, ok, ok, ok}},
    {by_certificate, {file, false, false, true}, {ok, ok, ok, ok}},

    {by_both, {network, true, false, false}, {ok, token, token, token}},
    {by_both, {network, false, true, false}, {ok, cert, cert, cert}},
    {by_both, {network, true, true, true}, {ok, ok, ok, ok}},
    {by_both, {loopback, true, false, false}, {ok, token, token, token}},
    {by_both, {file, false, false, true}, {ok, ok, ok, ok}},
};

}  // namespace

TEST_CASE("entry: the table of who is shown what, cell by cell") {
    constexpr std::array areas{Area::alive, Area::watch, Area::inner, Area::nowhere};
    for (std::size_t row = 0; row < table.size(); ++row) {
        for (std::size_t area = 0; area < areas.size(); ++area) {
            CAPTURE(row);
            CAPTURE(area);
            const auto& [locks, visitor, entries] = table[row];
            CHECK(entry(locks, visitor, areas.at(area)) == entries.at(area));
        }
    }
}
