#include "agent/wish_request.h"

#include "core/duration.h"
#include "core/text.h"

#include <algorithm>
#include <array>

namespace paws::agent {

namespace {

constexpr std::size_t longest_note = 256;
constexpr std::size_t longest_name = 64;

Error misused(std::string what) {
    return {Errc::malformed, std::move(what)};
}

// A text that may be missing; false when it is something else.
bool take(const boost::json::object& arguments, std::string_view key, std::string& into) {
    const auto* value = arguments.if_contains(key);
    if (value == nullptr) {
        return true;
    }
    const auto* text = value->if_string();
    if (text != nullptr) {
        into = std::string{*text};
    }
    return text != nullptr;
}

bool knows_only(const boost::json::object& arguments) {
    static constexpr std::array known{"name", "by", "note", "for", "force"};
    return std::ranges::all_of(arguments, [](const auto& argument) {
        return std::ranges::any_of(known, [&](const char* key) { return argument.key() == key; });
    });
}

}  // namespace

Result<WishRequest> parse_wish_request(Verb verb, const boost::json::object& arguments) {
    WishRequest request;
    std::string span;
    const bool texts = knows_only(arguments) && take(arguments, "name", request.runner) &&
                       take(arguments, "by", request.by) && take(arguments, "note", request.note) &&
                       take(arguments, "for", span);
    const auto* force = arguments.if_contains("force");
    if (!texts || request.runner.empty() || (force != nullptr && !force->is_bool())) {
        return misused(
            R"(this takes {"name":"...","by":"...","note":"...","for":"30m","force":false})");
    }
    request.force = force != nullptr && force->get_bool();
    request.note = printable(request.note, longest_note);
    request.by = printable(request.by, longest_name);
    if (verb == Verb::hold) {
        const auto parsed = parse_duration(span);
        if (!parsed || parsed->count() <= 0 || *parsed > longest_hold) {
            return misused("'" + printable(span, longest_name) +
                           "' is no time to hold a runner; write 30m or 8h, at most 30d");
        }
        request.span = *parsed;
    } else if (!span.empty()) {
        return misused("only a hold has a time");
    }
    if (verb == Verb::resume && request.force && request.note.empty()) {
        return misused("--force needs a --reason, which is kept in the log");
    }
    return request;
}

Wish to_wish(const WishRequest& request, Verb verb, WallTime now) {
    Wish wish;
    wish.kind = verb == Verb::hold ? WishKind::hold : WishKind::drain;
    wish.asked = now;
    if (verb == Verb::hold) {
        wish.until = now + request.span;
    }
    wish.note = request.note;
    wish.by = request.by;
    return wish;
}

}  // namespace paws::agent
