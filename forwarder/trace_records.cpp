#include "forwarder/trace_records.h"

#include "core/text.h"
#include "core/utc.h"

#include <utility>

namespace paws::forwarder {

namespace {

// "[2026-01-02 03:04:05Z INFO "
constexpr std::size_t stamp_at = 1;
constexpr std::string_view stamp_shape = "YYYY-MM-DD hh:mm:ssZ";
constexpr std::size_t level_at = stamp_at + stamp_shape.size() + 1;
constexpr std::size_t component_at = level_at + 5;

std::string_view without_line_end(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

// Takes lines off the text one by one and puts them together to records.
class Splitter {
public:
    Splitter(std::string_view text, LastRecord last, std::size_t longest)
        : text_{text}, last_{last}, longest_{longest} {}

    // False at a line that has no end yet. Where a record is cut must not depend on how much of the
    // text is there: a line that would make it too long begins another.
    bool take_line() {
        const auto end = text_.find('\n', at_);
        const bool ends = end != std::string_view::npos;
        const auto next = ends ? end + 1 : text_.size();
        const bool fits = next - begin_ < longest_ + (ends ? 1 : 0);
        const bool is_known = ends || last_ == LastRecord::is_whole;
        if (at_ == text_.size() || (!is_known && fits)) {
            return false;
        }
        if (at_ > begin_ && (!fits || parse_trace_head(text_.substr(at_, next - at_)))) {
            close(at_);
            return true;
        }
        at_ = next;
        while (at_ - begin_ >= longest_) {
            close(begin_ + whole_characters(text_.substr(begin_), longest_).size());
        }
        return true;
    }

    void close(std::size_t end) {
        const auto record = text_.substr(begin_, end - begin_);
        if (!without_line_end(record).empty()) {
            split_.records.push_back({.offset = begin_,
                                      .text = without_line_end(record),
                                      .head = parse_trace_head(record)});
        }
        begin_ = end;
        split_.used = end;
    }

    TraceRecords split() && {
        while (take_line()) {
        }
        if (last_ == LastRecord::is_whole && begin_ < text_.size()) {
            close(text_.size());
        }
        return std::move(split_);
    }

private:
    std::string_view text_;
    LastRecord last_;
    std::size_t longest_;
    std::size_t begin_ = 0;  // of the record that is open
    std::size_t at_ = 0;     // of the next line
    TraceRecords split_;
};

}  // namespace

std::optional<TraceHead> parse_trace_head(std::string_view line) {
    if (line.size() <= component_at || line[0] != '[' || line[level_at - 1] != ' ' ||
        line[component_at - 1] != ' ') {
        return std::nullopt;
    }
    const auto at = parse_utc(line.substr(stamp_at, stamp_shape.size()), stamp_shape);
    const auto level = level_of_trace(line.substr(level_at, 4));
    const auto end = line.find_first_of("]\n", component_at);
    if (!at || !level || end == std::string_view::npos || line[end] != ']') {
        return std::nullopt;
    }
    const bool blank = end + 1 < line.size() && line[end + 1] == ' ';
    return TraceHead{.at = *at,
                     .level = *level,
                     .component = line.substr(component_at, end - component_at),
                     .size = end + (blank ? 2 : 1)};
}

TraceRecords split_trace(std::string_view text, LastRecord last, std::size_t longest) {
    return Splitter{text, last, longest}.split();
}

}  // namespace paws::forwarder
