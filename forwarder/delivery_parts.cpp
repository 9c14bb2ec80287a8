// Delivery: which lines are pushed together.

#include "forwarder/delivery.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace paws::forwarder {

namespace {

// A stream of a push that has at least so much of it has one by itself.
constexpr std::size_t alone_from = 128U << 10U;
// Refused for its rate so often in a row, a push may be larger than any rate allows at once.
constexpr int most_slowed = 3;

}  // namespace

std::size_t Delivery::Part::bytes() const {
    return std::transform_reduce(
        items.begin(), items.end(), std::size_t{}, std::plus{}, [](auto item) {
            return std::size_t{item.size};
        });
}

// Loki answers for the last stream of a push alone (pkg/ingester/instance.go): of those before it,
// what is above a stream's rate is refused without a word. So each that has enough for that has a
// push of its own, and what is small goes together.
Delivery::Parts Delivery::parts_of(const Batch& batch) const {
    const std::shared_ptr<const Batch> borrowed{std::shared_ptr<void>{}, &batch};
    std::vector<std::size_t> bytes(streams_.count());
    for (const auto& item : batch.items()) {
        bytes[item.stream] += item.size;
    }
    Parts parts(1, {.batch = borrowed, .items = {}});
    std::vector<std::size_t> part_of(bytes.size());
    for (std::size_t stream = 0; stream < bytes.size(); ++stream) {
        if (bytes[stream] >= alone_from) {
            part_of[stream] = parts.size();
            parts.push_back({.batch = borrowed, .items = {}});
        }
    }
    for (const auto& item : batch.items()) {
        parts[part_of[item.stream]].items.push_back(item);
    }
    std::erase_if(parts, [](const auto& part) { return part.items.empty(); });
    return parts;
}

// More at once than a rate ever allows would be refused for ever.
void Delivery::ease(Parts& parts, const Verdict& verdict) {
    auto& part = parts.back();
    part.slowed = verdict.failure == PushFailure::rate_limited ? part.slowed + 1 : 0;
    if (part.slowed >= most_slowed && part.items.size() > 1) {
        part.slowed = 0;
        halve(parts);
    }
}

// The earlier half stays the next.
void Delivery::halve(Parts& parts) {
    auto later = parts.back();
    auto& earlier = parts.back();
    const auto count = earlier.items.size() / 2;
    const auto middle = static_cast<std::ptrdiff_t>(count);
    later.items.erase(later.items.begin(), later.items.begin() + middle);
    earlier.items.resize(count);
    if (!later.time_told.empty()) {
        later.time_told.erase(later.time_told.begin(), later.time_told.begin() + middle);
        earlier.time_told.resize(count);
    }
    parts.insert(parts.end() - 1, std::move(later));
}

void Delivery::remake(Part& part, const Remake& add) {
    auto made = std::make_shared<Batch>();
    for (const auto& item : part.items) {
        add(*made, item, part.batch->decode(item));
    }
    part.items.assign(made->items().begin(), made->items().end());
    part.batch = std::move(made);
}

}  // namespace paws::forwarder
