#include "collectors/github_runners.h"

#include <cstdint>
#include <optional>

namespace paws::collectors {

namespace {

constexpr std::uint64_t page_size = 100;
constexpr std::uint64_t page_limit = 100;  // GitHub keeps 10,000 runners in a group at most

}  // namespace

ListAnswer GithubRunners::list(const std::string& scope) {
    GithubLimits said;
    auto list = read_pages(scope, said);
    return {.list = std::move(list), .limits = said};
}

Result<Listing> GithubRunners::read_pages(const std::string& scope, GithubLimits& said) {
    Listing listing;
    std::optional<std::uint64_t> total;
    for (std::uint64_t number = 1; number <= page_limit; ++number) {
        auto answer = pages_.read(client_,
                                  scope + "/actions/runners?per_page=" + std::to_string(page_size) +
                                      "&page=" + std::to_string(number),
                                  said);
        if (!answer) {
            return answer.error();
        }
        auto& page = answer->page;
        if (!total) {
            total = page.total;
            listing.answered = client_.now();
        }
        const bool last = page.runners.empty();
        listing.runners.merge(page.runners);
        if (page.total != *total || (last && listing.runners.size() < *total)) {
            break;
        }
        if (listing.runners.size() >= *total) {
            return listing;
        }
    }
    return Error{Errc::malformed, "GitHub's list of runners changed while it was read"};
}

}  // namespace paws::collectors
