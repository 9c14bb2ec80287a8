// GitHub list: what GitHub's REST API says of runners, and whose list a runner stands in
// (REST: .../actions/runners). Pure parsing; the answers come over TLS from the server that the
// operator named, and are still only text.

#pragma once

#include "core/github_facts.h"
#include "core/result.h"
#include "core/runner_facts.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

// By GitHub's id, which is the agentId of `.runner`. Without a value: listed, and described in
// words that we do not know.
using ListedRunners = std::map<std::uint64_t, std::optional<ApiRunner>>;

struct RunnersPage {
    std::uint64_t total = 0;  // of all pages
    ListedRunners runners;
};

// One page of the list.
Result<RunnersPage> parse_runners_page(std::string_view json);

// "/repos/acme/widgets", "/orgs/acme" or "/enterprises/acme" for the gitHubUrl of a runner. Absent
// for the URL of a server that is not the API's (api.github.com serves github.com, a server of
// one's own itself) and for one that is no such place: job code can write it.
std::optional<std::string> scope_of(std::string_view github_url, std::string_view api_host);

// The same of a runner's settings; absent for one that does not say its id there.
std::optional<std::string> scope_of(const Runner& runner, std::string_view api_host);

// The `message` of an error's body, short and printable; empty when it has none.
std::string api_message(std::string_view json);

// One word that may stand in a header.
bool is_token(std::string_view text);

// The `token` of an answer to POST .../access_tokens.
Result<std::string> parse_installation_token(std::string_view json);

}  // namespace paws::collectors
