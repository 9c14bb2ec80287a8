#include "collectors/github_job_list.h"
#include "collectors/github_list.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;

// The list of runners and the errors that come in its place; and the place that a runner's own
// settings name, which job code writes.
bool paws::fuzz::accepts(std::string_view input) {
    const auto message = collectors::api_message(input);
    require(message.size() <= 200 && printable(message, 200) == message);
    if (const auto token = collectors::parse_installation_token(input)) {
        require(collectors::is_token(*token));
    }
    const auto scope = collectors::scope_of(input, "api.github.com");
    if (scope) {
        require(scope->starts_with('/') && scope->size() < 256);
        require(scope->find_first_of(" \r\n?#%") == std::string::npos);
        require(scope->find("/../") == std::string::npos && !scope->ends_with("/.."));
    }
    const auto jobs = collectors::parse_jobs_page(input);
    if (jobs) {
        for (const auto& job : jobs->jobs) {
            require(printable(job.name) == job.name && job.labels.size() <= 100);
        }
    }
    return collectors::parse_runners_page(input) || collectors::parse_runs_page(input) || jobs ||
           scope || !message.empty();
}
