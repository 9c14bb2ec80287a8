#include "collectors/job_message.h"

#include "core/text.h"

#include <algorithm>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

namespace paws::collectors {

namespace {

namespace json = boost::json;

constexpr std::size_t longest_value = 1024;
constexpr std::size_t deepest = 64;

// What the parser calls for every piece of the message. It keeps the way to where it is and the
// words that are looked for: GitHub's context is
// {"t":2,"d":[{"k":"repository","v":"acme/widgets"},...]} (S/../PipelineContextData), a variable
// {"value":"..."}.
class Words {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    JobMessage message;

    // NOLINTBEGIN(readability-convert-member-functions-to-static): the parser calls them so
    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) {
        message.complete = true;
        return true;
    }
    bool on_object_begin(json::error_code&) { return enter(); }
    bool on_object_end(std::size_t, json::error_code&) {
        if (is_at({"contextData", "github", "d", ""})) {
            keep_context();
        }
        return leave();
    }
    bool on_array_begin(json::error_code&) { return enter(); }
    bool on_array_end(std::size_t, json::error_code&) { return leave(); }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return add(part); }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        add(part);
        key_.swap(text_);
        text_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        return add(part);
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        add(part);
        keep_string();
        text_.clear();
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
    // NOLINTEND(readability-convert-member-functions-to-static)

private:
    bool add(json::string_view part) {
        text_.append(part.data(), std::min(part.size(), longest_value - text_.size()));
        return true;
    }
    // The key by which the new container is reached; an element of a list has none.
    bool enter() {
        way_.push_back(std::move(key_));
        key_.clear();
        return true;
    }
    bool leave() {
        key_.clear();
        way_.pop_back();
        return true;
    }
    // Directly in the container that these keys lead to; an element of a list has the key "".
    bool is_at(std::initializer_list<std::string_view> keys) const {
        return way_.size() == 1 + keys.size() &&
               std::equal(keys.begin(), keys.end(), way_.begin() + 1);
    }
    void keep_string() {
        if (is_at({}) && key_ == "jobDisplayName") {
            message.display_name = text_;
        } else if (is_at({"variables", "system.github.job"}) && key_ == "value") {
            message.words.job = text_;
        } else if (is_at({"contextData", "github", "d", ""}) && key_ == "k") {
            name_ = text_;
        } else if (is_at({"contextData", "github", "d", ""}) && key_ == "v") {
            value_ = text_;
        }
    }
    void keep_context() {
        auto& words = message.words;
        if (name_ == "repository") {
            words.repository = value_;
        } else if (name_ == "workflow") {
            words.workflow = value_;
        } else if (name_ == "run_id") {
            words.run_id = value_;
        } else if (name_ == "run_attempt") {
            words.run_attempt = value_;
        }
        name_.clear();
        value_.clear();
    }

    std::vector<std::string> way_;  // the keys of the containers around, the document's first
    std::string key_;
    std::string text_;
    std::string name_;
    std::string value_;
};

// The record that follows the line "... Worker] Job message:".
std::string_view message_in(std::string_view trace) {
    static constexpr std::string_view heading = "] Job message:";
    const auto begin = trace.find(heading);
    if (begin == std::string_view::npos) {
        return {};
    }
    trace.remove_prefix(begin + heading.size());
    return trim(trace).starts_with('{') ? trace.substr(trace.find('{')) : std::string_view{};
}

}  // namespace

JobMessage parse_job_message(std::string_view trace) {
    json::parse_options options;
    options.max_depth = deepest;
    options.allow_invalid_utf8 = true;
    json::basic_parser<Words> parser{options};
    const auto text = message_in(trace);
    json::error_code broken;
    parser.write_some(true, text.data(), text.size(), broken);
    return std::move(parser.handler().message);
}

}  // namespace paws::collectors
