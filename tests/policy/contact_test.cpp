#include "policy/contact.h"

#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

std::optional<Contact> watched_for_hours() {
    return Contact{.seen = noon.boot, .watched_since = BootTime{1h}, .explained = BootTime{1h}};
}

std::chrono::nanoseconds ago(const ContactView& view, const Now& now = noon) {
    return now.boot - view.last.value();
}

}  // namespace

TEST_CASE("contact: the newest of bytes, lines and leases counts") {
    auto runner = healthy();
    auto memory = watched_for_hours();
    CHECK(ago(view_contact(runner, memory, noon)) == 20s);
    runner.log.value->contact = noon.wall - 5s;
    CHECK(ago(view_contact(runner, memory, noon)) == 5s);
}

TEST_CASE("contact: a line counts once, however the wall clock steps") {
    auto runner = healthy();
    runner.sockets.value = Sockets{};
    auto memory = watched_for_hours();
    CHECK(ago(view_contact(runner, memory, noon)) == 1h);
    const Now back{.wall = noon.wall - 2h, .boot = noon.boot + 1min};
    runner.sockets.taken = back;
    const auto view = view_contact(runner, memory, back);
    CHECK(ago(view, back) == 1h + 1min);
    CHECK(view.silent_for == 1h + 1min);
}

TEST_CASE("contact: a lease from the future is of now") {
    auto runner = healthy();
    runner.processes = at(noon,
                          tree({ProcessRole::shell,
                                ProcessRole::wrapper,
                                ProcessRole::listener,
                                ProcessRole::worker}));
    runner.trace = at(noon, RunnerTrace{.lease_renewed = noon.wall + 1h});
    auto memory = watched_for_hours();
    const auto view = view_contact(runner, memory, noon);
    CHECK(view.by_lease);
    CHECK(view.silent_for == 0s);
}

TEST_CASE("contact: a worker's sockets are not the listener's") {
    auto runner = healthy();
    runner.processes = at(noon, tree({ProcessRole::listener, ProcessRole::worker}));
    runner.trace = at(noon, RunnerTrace{.lease_renewed = noon.wall - 2min});
    auto memory = watched_for_hours();
    CHECK(ago(view_contact(runner, memory, noon)) == 2min);
}

TEST_CASE("contact: GitHub's list counts only where nothing better can be had") {
    auto runner = healthy();
    runner.sockets.value = Sockets{};
    runner.api = at(noon, ApiRunner{.registration = Registration::online, .busy = false});
    auto memory = watched_for_hours();
    CHECK(ago(view_contact(runner, memory, noon)) == 1h);
    runner.sockets.value.reset();
    CHECK(ago(view_contact(runner, memory, noon)) == 0s);
}

TEST_CASE("contact: silence is counted from when it could first be noticed") {
    auto runner = healthy();
    runner.log.value->contact.reset();
    runner.sockets.value.reset();
    std::optional<Contact> memory;
    CHECK_FALSE(view_contact(runner, memory, noon).watched);
    runner = healthy(after(1min));
    runner.log.value->contact.reset();
    runner.sockets.value = Sockets{.established = 1, .last_received_seconds = std::nullopt};
    const auto view = view_contact(runner, memory, after(1min));
    CHECK(view.watched);
    CHECK(view.silent_for == 1min);
    CHECK_FALSE(view.last);
}

TEST_CASE("contact: others in the unit's cgroup share its sockets") {
    auto runner = healthy();
    auto memory = watched_for_hours();
    CHECK_FALSE(view_contact(runner, memory, noon).shared);
    runner.processes = at(noon, tree({ProcessRole::listener, ProcessRole::job}));
    CHECK(view_contact(runner, memory, noon).shared);
}
