#include "collectors/job_identity.h"

#include "core/text.h"

namespace paws::collectors {

std::optional<JobIdentity> job_identity(const IdentityWords& words) {
    static constexpr std::size_t longest_repository = 140;  // owner/name at GitHub: 39 + 1 + 100
    const auto run_id = parse_integer<std::uint64_t>(words.run_id);
    if (!run_id || *run_id == 0 || words.repository.empty()) {
        return std::nullopt;
    }
    return JobIdentity{.repository = printable(words.repository, longest_repository),
                       .workflow = printable(words.workflow),
                       .job = printable(words.job),
                       .run_id = *run_id,
                       .run_attempt = parse_integer<std::uint32_t>(words.run_attempt).value_or(0)};
}

}  // namespace paws::collectors
