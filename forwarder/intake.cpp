#include "forwarder/intake.h"

#include "core/text.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace paws::forwarder {

namespace {

constexpr std::size_t most_open_keys = 1'000;
constexpr std::uint64_t longest_silence = 100'000;  // in lines of all

}  // namespace

// Almost never is a key open.
std::string_view Intake::redact(const Line& line) {
    OpenKey key;
    if (!open_keys_.empty()) {
        const auto found = open_keys_.find(line.writer.key());
        key = found == open_keys_.end() ? OpenKey{} : found->second;
    }
    const bool was_open = key.lines_left > 0;
    const auto text = redactor_.redact(line.text, key);
    ++lines_seen_;
    if (key.lines_left > 0) {
        keep_open(line.writer, key);
    } else if (was_open) {
        open_keys_.erase(line.writer.key());
    }
    return text;
}

void Intake::keep_open(const Writer& writer, OpenKey key) {
    key.seen = lines_seen_;
    const bool is_new = open_keys_.insert_or_assign(writer.key(), key).second;
    if (is_new && open_keys_.size() > most_open_keys) {
        open_keys_.erase(std::ranges::min_element(
            open_keys_, {}, [](const auto& open) { return open.second.seen; }));
    }
}

void Intake::forget_broken_keys() {
    std::erase_if(open_keys_, [this](const auto& open) {
        return lines_seen_ - open.second.seen > longest_silence;
    });
}

void Intake::take(Batch& batch, const Line& line, const Metadata& metadata) {
    auto& read = read_.at(static_cast<std::size_t>(line.source));
    auto text = redact(line);
    if (!is_ascii(text)) {
        valid_ = valid_utf8(text);
        text = valid_;
    }
    if (text.size() <= longest_part) {
        batch.add(line.stream, line.at, text, metadata);
        ++read;
    } else {
        read += cut(batch, line, text, metadata);
    }
}

// The parts follow each other by a nanosecond, so that they keep their order.
std::size_t Intake::cut(Batch& batch,
                        const Line& line,
                        std::string_view text,
                        const Metadata& metadata) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        parts.push_back(whole_characters(text, longest_part));
        text.remove_prefix(parts.back().size());
    }
    for (std::size_t at = 0; at < parts.size(); ++at) {
        auto more = metadata;
        more.add("part", std::to_string(at + 1) + "/" + std::to_string(parts.size()));
        batch.add(line.stream, line.at + std::chrono::nanoseconds{at}, parts[at], more);
    }
    return parts.size();
}

std::string Intake::without_secrets(std::string_view word) {
    OpenKey none;
    return printable(redactor_.redact(word, none), 1024);
}

void Intake::resume(const LogCounts& before, OpenKeys open_keys) {
    counts_ = before;
    open_keys_ = std::move(open_keys);
}

LogCounts Intake::counts() const {
    auto counts = counts_;
    for (const auto source : log_sources) {
        counts.read[source] += read_.at(static_cast<std::size_t>(source));
    }
    for (std::size_t rule = 0; rule < redactor_.rules().size(); ++rule) {
        counts.redactions[redactor_.rules()[rule]] += redactor_.counts()[rule];
    }
    return counts;
}

}  // namespace paws::forwarder
