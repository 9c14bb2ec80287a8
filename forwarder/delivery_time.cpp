// Delivery: lines whose time Loki does not take.

#include "core/utc.h"
#include "forwarder/delivery.h"

#include <algorithm>
#include <utility>

namespace paws::forwarder {

namespace {

using namespace std::chrono_literals;

constexpr int most_restamps = 3;
constexpr std::string_view original_time = "original_time";
// Half of what Loki allows by default.
constexpr std::chrono::nanoseconds longest_behind = 30min;
// So far ahead of its own clock Loki takes lines by default (creation_grace_period): of a push with
// one beyond it keeps those before.
constexpr std::chrono::nanoseconds grace = 10min;
constexpr std::chrono::nanoseconds longest_run =
    1min;  // of stamps that differ by a nanosecond each

Metadata metadata_of(const Entry& entry) {
    Metadata metadata;
    for (const auto& [name, value] : entry.metadata) {
        metadata.add(name, value);
    }
    return metadata;
}

}  // namespace

// What Loki finds too old or too new, which a clock that was set can make of any line: Loki's own
// is the one that counts.
bool Delivery::restamp(Part& part, const Verdict& verdict) {
    if (part.restamped >= most_restamps) {
        return false;
    }
    const auto now = verdict.answered_at.value_or(now_().wall);
    const auto oldest = verdict.oldest_allowed;
    if (verdict.too_new && last_stamp_ > now + longest_run) {
        last_stamp_ = now;  // a wrong clock made it
    }
    const bool any = restamp(part, [&](StreamId, WallTime at) -> std::optional<WallTime> {
        const bool untimely = oldest ? at < *oldest : part.items.size() == 1 || at > now + grace;
        return untimely ? std::optional{std::max(now, oldest.value_or(now))} : std::nullopt;
    });
    part.restamped += any ? 1 : 0;
    return any;
}

// Loki takes lines up to half of ingester.max_chunk_age behind the newest of their stream. When a
// later stream of the same push is fine, it does not even say that it refused them (instance.go:
// the last stream's error is the answer), so that they are not left to be refused.
void Delivery::restamp_late(Part& part) {
    const auto oldest = part.batch->oldest();
    if (!oldest || !newest_of_all_ || *oldest >= *newest_of_all_ - longest_behind) {
        return;
    }
    const auto now = now_().wall;
    restamp(part, [&](StreamId stream, WallTime at) -> std::optional<WallTime> {
        const auto earliest = stream < newest_.size() && newest_[stream] != WallTime::min()
                                  ? newest_[stream] - longest_behind
                                  : at;
        return at < earliest ? std::optional{std::max(now, earliest)} : std::nullopt;
    });
}

void Delivery::remember_newest(const Part& part) {
    newest_.resize(std::max(newest_.size(), streams_.count()), WallTime::min());
    for (const auto& item : part.items) {
        newest_[item.stream] = std::max(newest_[item.stream], item.at);
        newest_of_all_ = std::max(newest_of_all_.value_or(item.at), item.at);
    }
}

// The line's own time goes along as `original_time`.
bool Delivery::restamp(Part& part, const IsUntimely& is_untimely) {
    const bool any = std::ranges::any_of(part.items, [&](const auto& item) {
        return is_untimely(item.stream, item.at).has_value();
    });
    if (!any) {
        return false;
    }
    part.time_told.resize(part.items.size());
    auto time_told = part.time_told.begin();
    remake(part, [&](Batch& made, const Batch::Item& item, Entry entry) {
        std::vector<bool>::reference tells = *time_told++;
        const auto earliest = is_untimely(item.stream, entry.at);
        if (!earliest) {
            made.add(item.stream, entry.at, entry.line, metadata_of(entry));
            return;
        }
        last_stamp_ = std::max(*earliest, last_stamp_ + 1ns);
        const auto original = utc_text(entry.at, "YYYY-MM-DDThh:mm:ss.ffffffZ");
        if (!tells) {
            tells = true;
            entry.metadata.emplace_back(original_time, original);
        }
        if (part.form == MetadataForm::suffix) {
            made.add(item.stream, last_stamp_, with_suffix(entry), Metadata{});
        } else {
            made.add(item.stream, last_stamp_, entry.line, metadata_of(entry));
        }
    });
    return true;
}

}  // namespace paws::forwarder
