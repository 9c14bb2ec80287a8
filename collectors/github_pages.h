// GithubPages: answers of GitHub's REST API, parsed and kept with their ETags: what GitHub calls
// unchanged does not count against the rate limit.

#pragma once

#include "collectors/github_client.h"

#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace paws::collectors {

template <class Page>
class GithubPages {
public:
    using Parse = Result<Page> (*)(std::string_view body);

    // `subject` names the answer in errors: "GitHub's list of runners".
    GithubPages(std::string subject, Parse parse) : subject_{std::move(subject)}, parse_{parse} {}

    struct Answer {
        Page page;
        WallTime date;  // of the answer
    };

    Result<Answer> read(GithubClient& client, const std::string& target, GithubLimits& said) {
        const auto known = pages_.find(target);
        auto answer =
            client.get(target, known == pages_.end() ? std::string{} : known->second.etag, said);
        if (!answer) {
            return answer.error();
        }
        if (answer->unchanged) {
            known->second.touched = true;
            return Answer{.page = known->second.page, .date = answer->date};
        }
        auto page = parse_(answer->body);
        if (!page) {
            return Error{page.error().code, subject_ + " " + page.error().what};
        }
        keep(target, answer->etag, *page);
        return Answer{.page = *std::move(page), .date = answer->date};
    }

    // Forgets what was not read since the last time.
    void end_round() {
        for (auto page = pages_.begin(); page != pages_.end();) {
            page =
                std::exchange(page->second.touched, false) ? std::next(page) : pages_.erase(page);
        }
    }

private:
    static constexpr std::size_t most_kept = 256;
    struct Known {
        std::string etag;
        Page page;
        bool touched = true;  // in this round
    };

    void keep(const std::string& target, const std::string& etag, const Page& page) {
        if (pages_.size() >= most_kept) {
            pages_.clear();
        }
        if (etag.empty()) {
            pages_.erase(target);
        } else {
            pages_.insert_or_assign(target, Known{.etag = etag, .page = page});
        }
    }

    std::string subject_;
    Parse parse_;
    std::map<std::string, Known> pages_;  // by target
};

}  // namespace paws::collectors
