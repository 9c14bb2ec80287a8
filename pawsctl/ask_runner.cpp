#include "pawsctl/ask_runner.h"

#include "pawsctl/find_runner.h"

namespace paws::pawsctl {

namespace {

// The agent knows runners by name and by GitHub's name; everything else is for people.
Failure with_near_names(const Address& address, const std::string& meant, Failure refused) {
    const auto asked = ask(address, "status");
    if (const auto* answer = std::get_if<Answer>(&asked)) {
        const auto found = find_runner(answer->result, meant);
        refused.message = found ? refused.message : found.error().what;
    }
    return refused;
}

}  // namespace

std::variant<Answer, Failure> ask_runner(const Address& address, const std::string& meant) {
    auto asked = ask(address, "runner", {{"name", without_unit_affixes(meant)}});
    const auto* failure = std::get_if<Failure>(&asked);
    return failure != nullptr && failure->agent_code == "not_found"
               ? with_near_names(address, meant, *failure)
               : asked;
}

}  // namespace paws::pawsctl
