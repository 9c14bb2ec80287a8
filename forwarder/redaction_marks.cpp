#include "forwarder/redaction_marks.h"

#include "forwarder/text_classes.h"

#include <algorithm>
#include <utility>

namespace paws::forwarder {

namespace {

constexpr std::string_view mark_begin = "[redacted:";
constexpr std::size_t most_name = 40;

// The first mark at `from` or behind it; one beyond the end when there is none.
Span next_mark(std::string_view line, const std::vector<std::string>& marks, std::size_t from) {
    for (auto begin = line.find(mark_begin, from); begin != std::string_view::npos;
         begin = line.find(mark_begin, begin + 1)) {
        const auto rest = line.substr(begin);
        const auto mark = std::find_if(marks.begin(), marks.end(), [&](const std::string& each) {
            return rest.starts_with(each);
        });
        if (mark != marks.end()) {
            return {begin, begin + mark->size()};
        }
    }
    return {line.size() + 1, line.size() + 1};
}

}  // namespace

bool is_rule_name(std::string_view name) {
    return !name.empty() && name.size() <= most_name && is_lower(name.front()) &&
           all(name, [](char byte) { return is_lower(byte) || is_digit(byte) || byte == '_'; });
}

std::string mark_of(std::string_view name) {
    return std::string{mark_begin}.append(name).append(1, ']');
}

void spare_marks(std::string_view line,
                 const std::vector<std::string>& marks,
                 std::vector<Span>& spans,
                 std::size_t first) {
    if (first == spans.size() || !contains(line, mark_begin)) {
        return;
    }
    const auto begin = spans.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, spans.end(), [](const Span& one, const Span& other) {
        return one.begin < other.begin;
    });
    auto mark = next_mark(line, marks, 0);
    const auto touches = [&](const Span& span) {
        while (mark.end <= span.begin) {
            mark = next_mark(line, marks, mark.end);
        }
        return mark.begin < span.end;
    };
    spans.erase(std::remove_if(begin, spans.end(), touches), spans.end());
}

void merge(std::vector<Span>& spans) {
    std::stable_sort(spans.begin(), spans.end(), [](const Span& one, const Span& other) {
        return std::pair{one.begin, other.end} < std::pair{other.begin, one.end};
    });
    std::size_t last = 0;
    for (std::size_t at = 1; at < spans.size(); ++at) {
        if (spans[at].begin < spans[last].end) {
            spans[last].end = std::max(spans[last].end, spans[at].end);
        } else {
            spans[++last] = spans[at];
        }
    }
    spans.resize(last + 1);
}

}  // namespace paws::forwarder
