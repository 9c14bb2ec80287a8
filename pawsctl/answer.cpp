#include "pawsctl/answer.h"

#include "pawsctl/fields.h"
#include "pawsctl/json_text.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace paws::pawsctl {

namespace {

boost::json::value parse(std::string_view text, boost::system::error_code& problem) {
    boost::json::parse_options options;
    options.max_depth = 32;
    return boost::json::parse(text, problem, {}, options);
}

Error other_version(const boost::json::object& document) {
    return {Errc::unavailable,
            "the agent answers in version " + boost::json::serialize(document.at("version")) +
                " of its JSON and this pawsctl reads version " + std::to_string(answer_version) +
                "; use the pawsctl that was installed with that agent"};
}

}  // namespace

Result<Answer> parse_answer(std::string_view line) {
    boost::system::error_code problem;
    const auto parsed = parse(line, problem);
    if (problem) {
        return Error{Errc::malformed, "not JSON (" + problem.message() + ")"};
    }
    const auto* envelope = parsed.if_object();
    const auto version = envelope == nullptr ? std::nullopt : number(*envelope, "version");
    if (!version) {
        return Error{Errc::malformed, "JSON without a version"};
    }
    if (*version != answer_version) {
        return other_version(*envelope);
    }
    Answer answer;
    answer.ok = flag(*envelope, "ok").value_or(false);
    answer.code = text(*envelope, "code");
    answer.message = text(*envelope, "message");
    // Read from the text that is shown as JSON, so that the two never disagree.
    answer.result_text = member_text(line, "result");
    if (const auto result = parse(answer.result_text, problem); result.is_object()) {
        answer.result = result.get_object();
    }
    if (answer.ok ? answer.result.empty() : answer.message.empty()) {
        return Error{Errc::malformed, answer.ok ? "no result" : "a refusal without a message"};
    }
    // The documents inside carry their own version where outsiders may keep them.
    const auto inner = number(answer.result, "version");
    if (inner && *inner != answer_version) {
        return other_version(answer.result);
    }
    return answer;
}

std::string request_line(std::string_view verb, const boost::json::object& arguments) {
    return boost::json::serialize(
        boost::json::object{{"version", answer_version}, {"verb", verb}, {"arguments", arguments}});
}

}  // namespace paws::pawsctl
