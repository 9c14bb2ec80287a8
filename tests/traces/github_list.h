// GithubList: what GitHub's list of runners says of one: the truth of a while ago (facts 9). It
// goes on while the agent is away.

#pragma once

#include "core/github_facts.h"
#include "tests/traces/runner.h"
#include "tests/traces/world.h"

#include <optional>

namespace paws::traces {

class GithubList {
public:
    explicit GithubList(Dice dice) : dice_{dice} {}

    // To be called once a minute.
    void follow(const World& world, const ServerSide& server, Instant now);
    const ApiRunner& says() const { return shown_; }

private:
    struct Change {
        ApiRunner to;
        Instant shown_at{};
    };

    Dice dice_;
    ApiRunner shown_{.registration = Registration::offline};
    std::optional<Change> coming_;
};

}  // namespace paws::traces
