#include "forwarder/redactor.h"

#include "forwarder/private_key.h"
#include "forwarder/redaction_marks.h"
#include "forwarder/text_classes.h"
#include "forwarder/trigger_scan.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include <re2/re2.h>
#include <re2/set.h>

namespace paws::forwarder {

namespace {

constexpr std::size_t most_groups = 12;

// Bytes, not characters: what is no UTF-8 hides nothing.
re2::RE2::Options options() {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_max_mem(std::int64_t{4} << 20U);
    return options;
}

struct Rule {
    std::unique_ptr<re2::RE2> pattern;
    std::size_t name = 0;
    std::string_view (*secret)(const Found&) = nullptr;  // none: the match is the secret
    std::string_view also = {};
};

Error malformed(const RedactionRule& rule, const std::string& why) {
    return {Errc::malformed, "redaction rule '" + rule.name + "': " + why};
}

using Groups = std::array<re2::StringPiece, most_groups>;

std::string_view view(const re2::StringPiece& piece) {
    return {piece.data(), piece.size()};
}

// The first group that took part, or all of the match.
std::string_view value_of(const Groups& groups, int count) {
    const auto end = groups.begin() + count;
    const auto group = std::find_if(
        groups.begin() + 1, end, [](const auto& each) { return each.data() != nullptr; });
    return view(group == end ? groups.front() : *group);
}

}  // namespace

class Redactor::Rules {
public:
    Rules() : key_mark_{key_mark_pattern, options()}, scan_{{}} {
        name_of(private_key_rule);
        std::map<std::string_view, std::uint64_t> words;
        for (const auto word : {"private key", "private%20key", "private+key", "private-lines"}) {
            words[word] |= key_bit;
        }
        for (auto& rule : built_in_rules()) {
            for (const auto word : rule.triggers) {
                words[word] |= std::uint64_t{1} << rules_.size();
            }
            rules_.push_back({std::make_unique<re2::RE2>(rule.pattern, options()),
                              name_of(rule.name),
                              rule.secret,
                              rule.also});
        }
        built_in_ = rules_.size();
        std::vector<TriggerScan::Word> list;
        list.reserve(words.size());
        for (const auto& [text, rules] : words) {
            list.push_back({std::string{text}, rules});
        }
        scan_ = TriggerScan{std::move(list)};
    }

    Result<void> add(const std::vector<RedactionRule>& own) {
        if (own.empty()) {
            return {};
        }
        own_.emplace(options(), re2::RE2::UNANCHORED);
        for (const auto& rule : own) {
            auto pattern = std::make_unique<re2::RE2>(rule.pattern, options());
            if (!is_rule_name(rule.name)) {
                return malformed(rule, "a name is of small letters, digits and _, at most 40");
            }
            if (!pattern->ok()) {
                return malformed(rule, pattern->error());
            }
            if (re2::RE2::PartialMatch("", *pattern) || own_->Add(rule.pattern, nullptr) < 0) {
                return malformed(rule, "the pattern matches the empty text");
            }
            rules_.push_back({std::move(pattern), name_of(rule.name), nullptr, {}});
        }
        if (!own_->Compile()) {
            return malformed(own.front(), "the patterns are too large together");
        }
        return {};
    }

    std::string_view redact(std::string_view line, OpenKey& open) {
        spans_.clear();
        if (open.lines_left > 0 && is_inside_key(line, open)) {
            return marks_[key_name];
        }
        const auto found = scan_.find(line);
        if (found != 0) {
            find_built_in(found, line, open);
        }
        if (own_) {
            find_own(line);
        }
        return spans_.empty() ? line : replaced(line);
    }

    const std::vector<std::string>& names() const { return names_; }
    const std::vector<std::uint64_t>& counts() const { return counts_; }

private:
    static constexpr std::uint64_t key_bit = std::uint64_t{1} << 63U;
    static constexpr std::size_t key_name = 0;

    std::size_t name_of(std::string_view name) {
        const auto known = std::find(names_.begin(), names_.end(), name);
        if (known == names_.end()) {
            names_.emplace_back(name);
            marks_.push_back(mark_of(name));
            counts_.push_back(0);
            return names_.size() - 1;
        }
        return static_cast<std::size_t>(known - names_.begin());
    }

    // True when all of the line is of the key. The part of one before its END becomes a span.
    bool is_inside_key(std::string_view line, OpenKey& open) {
        const auto end = end_of_key(key_mark_, line);
        if (end != std::string_view::npos) {
            open.lines_left = 0;
            spans_.push_back({0, end, key_name, false});
            return false;
        }
        if (may_be_of_key(line)) {
            --open.lines_left;
            return true;
        }
        // Somebody else's line in between, or a key that broke off: a few of them, and it is over.
        open.lines_left /= 2;
        return false;
    }

    void find_built_in(std::uint64_t found, std::string_view line, OpenKey& open) {
        if ((found & key_bit) != 0) {
            find_keys(line, open);
        }
        const auto keys = spans_.size();
        for (std::size_t at = 0; at < built_in_; ++at) {
            if ((found >> at & 1U) != 0 && contains(line, rules_[at].also)) {
                find(rules_[at], line);
            }
        }
        spare_marks(line, marks_, spans_, keys);
    }

    void find_keys(std::string_view line, OpenKey& open) {
        const auto from = spans_.empty() ? 0 : spans_.front().end;
        for (const auto& part : key_parts(key_mark_, line, from)) {
            spans_.push_back({part.begin, part.end, key_name, true});
            open.lines_left = part.opens ? most_key_lines : 0;
        }
    }

    void find_own(std::string_view line) {
        const auto others = spans_.size();
        own_hits_.clear();
        re2::RE2::Set::ErrorInfo error{re2::RE2::Set::kNoError};
        own_->Match({line.data(), line.size()}, &own_hits_, &error);
        // Out of memory for the automaton of all: each is tried alone.
        const bool all_of_them = error.kind != re2::RE2::Set::kNoError;
        for (std::size_t at = built_in_; at < rules_.size(); ++at) {
            const auto index = static_cast<int>(at - built_in_);
            if (all_of_them ||
                std::find(own_hits_.begin(), own_hits_.end(), index) != own_hits_.end()) {
                find(rules_[at], line);
            }
        }
        spare_marks(line, marks_, spans_, others);
    }

    void find(const Rule& rule, std::string_view line) {
        Groups groups;
        const auto count =
            std::min(rule.pattern->NumberOfCapturingGroups() + 1, static_cast<int>(most_groups));
        std::size_t at = 0;
        // Of what is looked at again, or a line that nests matches would cost the square of its
        // length.
        auto budget = 4 * line.size();
        while (at <= line.size() && rule.pattern->Match({line.data(), line.size()},
                                                        at,
                                                        line.size(),
                                                        re2::RE2::UNANCHORED,
                                                        groups.data(),
                                                        count)) {
            const auto value = value_of(groups, count);
            const auto secret =
                rule.secret == nullptr ? value : rule.secret({line, view(groups[0]), value});
            const auto offset = [&](const char* of) {
                return static_cast<std::size_t>(of - line.data());
            };
            auto next = offset(value.data());  // within a value that is none there may be one
            if (!secret.empty()) {
                next = offset(secret.data()) + secret.size();
                spans_.push_back({offset(secret.data()), next, rule.name, true});
            }
            at = go_on(at, next, offset(groups[0].data()) + groups[0].size(), budget);
        }
    }

    // From `next` on, unless that costs too much: then behind the match.
    static std::size_t go_on(std::size_t at,
                             std::size_t next,
                             std::size_t match_end,
                             std::size_t& budget) {
        const auto again = match_end - std::min(next, match_end);
        const bool may = next > at && (again <= 256 || again <= budget);
        budget -= may ? std::min(budget, again) : 0;
        return std::max(may ? next : match_end, at + 1);
    }

    std::string_view replaced(std::string_view line) {
        merge(spans_);
        text_.clear();
        std::size_t kept = 0;
        for (const auto& span : spans_) {
            text_.append(line.substr(kept, span.begin - kept)).append(marks_[span.name]);
            kept = span.end;
            counts_[span.name] += span.counts ? 1 : 0;
        }
        return text_.append(line.substr(kept));
    }

    re2::RE2 key_mark_;
    TriggerScan scan_;
    std::vector<Rule> rules_;
    std::size_t built_in_ = 0;
    std::optional<re2::RE2::Set> own_;
    std::vector<int> own_hits_;
    std::vector<std::string> names_;
    std::vector<std::string> marks_;
    std::vector<std::uint64_t> counts_;
    std::vector<Span> spans_;
    std::string text_;
};

Redactor::Redactor(std::unique_ptr<Rules> rules) : rules_{std::move(rules)} {}
Redactor::Redactor(Redactor&&) noexcept = default;
Redactor& Redactor::operator=(Redactor&&) noexcept = default;
Redactor::~Redactor() = default;

Result<Redactor> Redactor::create(const std::vector<RedactionRule>& own) {
    auto rules = std::make_unique<Rules>();
    if (const auto added = rules->add(own); !added) {
        return added.error();
    }
    return Redactor{std::move(rules)};
}

std::string_view Redactor::redact(std::string_view line, OpenKey& open) {
    return rules_->redact(line, open);
}

const std::vector<std::string>& Redactor::rules() const {
    return rules_->names();
}
const std::vector<std::uint64_t>& Redactor::counts() const {
    return rules_->counts();
}

}  // namespace paws::forwarder
