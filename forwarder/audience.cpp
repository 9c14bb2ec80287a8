#include "forwarder/audience.h"

#include "core/text.h"

#include <algorithm>
#include <chrono>

namespace paws::forwarder {

namespace {

constexpr std::chrono::seconds attention{10};
constexpr std::size_t most_lines = 1'000;
constexpr std::size_t longest_shown = 2'000;

}  // namespace

std::vector<ShownLine> Audience::lines_after(std::uint64_t after,
                                             std::size_t most,
                                             const Now& now) {
    const std::lock_guard lock{mutex_};
    watched_until_ = now.boot + attention;
    since_ = since_.value_or(now.wall);
    const auto first =
        std::ranges::find_if(lines_, [&](const ShownLine& line) { return line.number > after; });
    const auto count = static_cast<std::size_t>(lines_.end() - first);
    return {lines_.end() - static_cast<std::ptrdiff_t>(std::min(count, most)), lines_.end()};
}

std::optional<WallTime> Audience::since() const {
    const std::lock_guard lock{mutex_};
    return since_;
}

void Audience::show(const Batch& batch, const Streams& streams, const Now& now) {
    const std::lock_guard lock{mutex_};
    if (now.boot > watched_until_) {
        lines_.clear();
        return;
    }
    const auto items = batch.items();
    const auto shown = items.last(std::min(items.size(), most_lines));
    last_ += items.size() - shown.size();
    for (const auto& item : shown) {
        const auto entry = batch.decode(item);
        lines_.push_back({.number = ++last_,
                          .at = entry.at,
                          .labels = streams.labels(item.stream),
                          .line = printable(with_suffix(entry), longest_shown)});
    }
    while (lines_.size() > most_lines) {
        lines_.pop_front();
    }
}

}  // namespace paws::forwarder
