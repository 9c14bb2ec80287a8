// GitHub runners: the whole list of runners of one scope, page by page. Blocks.

#pragma once

#include "collectors/github_client.h"
#include "collectors/github_list.h"
#include "collectors/github_pages.h"

#include <string>

namespace paws::collectors {

// The whole list of a scope, as GitHub gave it at `answered`.
struct Listing {
    ListedRunners runners;
    Now answered;
};

struct ListAnswer {
    Result<Listing> list;
    GithubLimits limits;
};

class GithubRunners {
public:
    explicit GithubRunners(GithubClient client) : client_{std::move(client)} {}

    // Never a part of the list: a page that fails or does not fit the others fails it all.
    ListAnswer list(const std::string& scope);

private:
    Result<Listing> read_pages(const std::string& scope, GithubLimits& said);

    GithubClient client_;
    GithubPages<RunnersPage> pages_{"GitHub's list of runners", parse_runners_page};
};

}  // namespace paws::collectors
