#include "forwarder/trace_reader.h"

#include "core/utc.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>

namespace paws::forwarder {

namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 2> kinds{"Runner_", "Worker_"};
constexpr std::string_view suffix = "-utc.log";
constexpr std::string_view stamp_shape = "YYYYMMDD-hhmmss";
constexpr std::size_t most_files = 50'000;  // the runner keeps a month of them
// A directory's time is as coarse as the kernel's tick: a young one may yet change unseen.
constexpr auto coarse_time = 2s;
// Names are ahead of the clock after it was set back, or because a job wrote one: those that are by
// more than that are left alone until their time comes.
constexpr auto most_ahead = 1h;

// When a trace was opened, by its name; nothing when it is none.
std::optional<WallTime> opened_at(std::string_view name, std::string_view kind) {
    if (!name.starts_with(kind) || !name.ends_with(suffix)) {
        return std::nullopt;
    }
    name.remove_prefix(kind.size());
    name.remove_suffix(std::min(suffix.size(), name.size()));
    return parse_utc(name, stamp_shape);
}

FilePosition end_of(const platform::FileStatus& file) {
    return {.inode = file.inode, .offset = file.size_bytes};
}

// Heads have whole seconds. The place in the file tells records of a second apart, in their order
// and the same however often they are read.
WallTime told_apart(WallTime second, std::uint64_t offset) {
    return second + std::chrono::nanoseconds{offset % 1'000'000'000};
}

}  // namespace

TraceRead TraceReader::read(const std::optional<TracePositions>& from,
                            WallTime began,
                            WallTime now) {
    TraceRead read{.lines = {}, .positions = from.value_or(TracePositions{})};
    left_ = bounds_.of_a_look;
    now_ = now;
    // Until there was a first look that listed them nothing is known of those from before.
    const bool is_first = !from || from->done_to.empty();
    if (const auto looked = look(read, is_first, began); !looked) {
        read.error = looked.error().what;
    }
    return read;
}

Result<void> TraceReader::look(TraceRead& read, bool is_first, WallTime began) {
    const auto diag = directories_.open(subject_.runner, subject_.root, platform::RunnerPart::diag);
    if (!diag) {
        const bool comes_with_the_first_start =
            diag.error().code == Errc::absent &&
            directories_.open(subject_.runner, subject_.root, platform::RunnerPart::root);
        return comes_with_the_first_start ? Result<void>{} : diag.error();
    }
    if (auto listed = list(*diag); !listed) {
        return listed;
    }
    auto& positions = read.positions;
    if (is_first) {
        begin(*diag, positions, began);
    }
    keep_behind_now(*diag, positions);
    read.before = positions;
    for (bool goes_on = true; goes_on;) {
        const auto left = left_;
        auto [unread, first_left] = open_unread(*diag, read);
        read_merged(std::move(unread), read);
        finish(positions, first_left);
        goes_on = !first_left.empty() && left_ > 0 && left_ < left;
        read.more = read.more || (!first_left.empty() && !goes_on);
    }
    std::erase_if(positions.files, [&](const auto& file) {
        return std::ranges::find(traces_, file.first, &Trace::name) == traces_.end();
    });
    return {};
}

Result<void> TraceReader::list(const platform::Beneath& diag) {
    const auto status = diag.status(".");
    if (!status) {
        return status.error();
    }
    if (listed_ && *listed_ == *status) {
        return {};
    }
    const auto names = diag.list(most_files);
    if (!names) {
        return names.error();
    }
    const bool is_first = !std::exchange(has_listed_, true);
    std::set<std::string> before;
    for (auto& trace : std::exchange(traces_, {})) {
        before.insert(std::move(trace.name));
    }
    for (const auto kind : kinds) {
        std::vector<Trace> of_kind;
        for (const auto& name : *names) {
            if (const auto opened = opened_at(name, kind)) {
                of_kind.push_back({.name = name,
                                   .stamp = utc_text(*opened, stamp_shape),
                                   .opened = *opened,
                                   .has_come = !is_first && !before.contains(name)});
            }
        }
        std::ranges::sort(of_kind, {}, &Trace::stamp);
        mark_newest(of_kind);
        std::ranges::move(of_kind, std::back_inserter(traces_));
    }
    std::ranges::stable_sort(traces_, {}, &Trace::stamp);
    std::erase_if(seen_, [&](const auto& seen) {
        return std::ranges::find(traces_, seen.first, &Trace::name) == traces_.end();
    });
    listed_ = now_ - status->modified > coarse_time ? std::optional{*status} : std::nullopt;
    return {};
}

// Names ahead of the clock take no place of those that are not.
void TraceReader::mark_newest(std::vector<Trace>& of_kind) const {
    auto left = bounds_.newest;
    for (auto trace = of_kind.rbegin(); trace != of_kind.rend() && left > 0; ++trace) {
        trace->is_newest = true;
        left -= trace->opened <= now_ ? 1U : 0U;
    }
}

// Of traces from before the shipping began those that may still grow are followed from their end.
void TraceReader::begin(const platform::Beneath& diag,
                        TracePositions& positions,
                        WallTime began) const {
    // Stamps are cut off: one may yet come in this second.
    positions.done_to = utc_text(began - 1s, stamp_shape);
    for (const auto& trace : traces_) {
        if (trace.stamp > positions.done_to) {
            break;
        }
        const auto status = diag.status(trace.name);
        if (status && (trace.is_newest || now_ - status->modified <= bounds_.quiet)) {
            positions.files[trace.name] = end_of(*status);
        }
    }
}

// Of a second that is not over more may come. When the clock was set back, what has come since is
// new although others of its time were done with, and those that are ahead now stay done with.
void TraceReader::keep_behind_now(const platform::Beneath& diag, TracePositions& positions) const {
    const auto over = utc_text(now_ - 1s, stamp_shape);
    if (positions.done_to <= over) {
        return;
    }
    for (const auto& trace : traces_) {
        if (trace.stamp > positions.done_to || positions.files.contains(trace.name)) {
            continue;
        }
        if (trace.has_come) {
            positions.files[trace.name] = {};
        } else if (trace.stamp > over) {
            const auto status = diag.status(trace.name);
            positions.files[trace.name] = status ? end_of(*status) : FilePosition{};
        }
    }
    positions.done_to = over;
}

bool TraceReader::is_followed(const Trace& trace, const TracePositions& positions) const {
    if (positions.files.contains(trace.name)) {
        return true;
    }
    const bool has_room = positions.files.size() < bounds_.followed;  // for what cannot go soon
    const auto ahead = trace.opened - now_;
    return trace.stamp > positions.done_to && (ahead <= 0s || (ahead <= most_ahead && has_room));
}

// Those that were opened first: what was opened later has nothing older.
TraceReader::Opened TraceReader::open_unread(const platform::Beneath& diag, TraceRead& read) {
    Opened opened;
    for (const auto& trace : traces_) {
        if (!is_followed(trace, read.positions)) {
            continue;
        }
        if (opened.unread.size() == bounds_.open_at_once) {
            opened.first_left = trace.stamp;
            break;
        }
        if (auto open = open_trace(diag, trace, read)) {
            opened.unread.push_back(std::move(*open));
        }
    }
    return opened;
}

std::optional<TraceReader::Unread> TraceReader::open_trace(const platform::Beneath& diag,
                                                           const Trace& trace,
                                                           TraceRead& read) {
    auto& position = read.positions.files[trace.name];  // also of one that cannot be read yet
    const auto [entry, is_new] =
        seen_.try_emplace(trace.name, Seen{.written = std::min(trace.opened, now_)});
    auto& seen = entry->second;
    auto file = diag.open_file(trace.name);
    const auto status = file ? file->status() : Result<platform::FileStatus>{file.error()};
    if (!status) {
        if (status.error().code != Errc::absent) {
            read.error = status.error().what;
        }
        return std::nullopt;
    }
    if (position.inode != status->inode || position.offset > status->size_bytes) {
        position = {.inode = status->inode, .offset = 0};
    }
    // What has not grown since the last look is whole.
    const bool grew = std::exchange(seen.size, status->size_bytes) != status->size_bytes;
    if (is_new) {
        seen.written = std::min(status->modified, now_);
    } else if (grew) {
        seen.written = now_;
    }
    if (position.offset == status->size_bytes) {
        seen.read_at = now_;
        return std::nullopt;
    }
    return Unread{.trace = &trace,
                  .file = std::move(*file),
                  .last = grew && trace.is_newest ? LastRecord::may_grow : LastRecord::is_whole,
                  .at = seen.last != WallTime{} ? seen.last : trace.opened};
}

// Three starts of a runner's programs that end at once make a trace that is still written to none
// of the newest: it has to be quiet for long, too, or the longest of more than are followed.
void TraceReader::finish(TracePositions& positions, const std::string& first_left) {
    std::vector<const Trace*> may_go;
    for (const auto& trace : traces_) {
        if (may_be_done(trace, positions, first_left)) {
            may_go.push_back(&trace);
        }
    }
    const auto written = [this](const Trace* trace) { return seen_.at(trace->name).written; };
    std::ranges::stable_sort(may_go, {}, written);
    for (const auto* trace : may_go) {
        const bool has_room = positions.files.size() <= bounds_.followed;
        if (has_room && now_ - written(trace) <= bounds_.quiet) {
            return;
        }
        positions.done_to = std::max(positions.done_to, trace->stamp);
        positions.files.erase(trace->name);
        seen_.erase(trace->name);
    }
}

// Only when all of a second are: traces of both kinds may be opened in the same one.
bool TraceReader::may_be_done(const Trace& trace,
                              const TracePositions& positions,
                              const std::string& first_left) const {
    const auto position = positions.files.find(trace.name);
    const auto seen = seen_.find(trace.name);
    if (trace.is_newest || position == positions.files.end() || seen == seen_.end()) {
        return false;
    }
    const bool is_over = trace.stamp <= utc_text(now_ - 1s, stamp_shape);
    return is_over && position->second.offset >= seen->second.size &&
           (first_left.empty() || trace.stamp < first_left);
}

// By time over all of them, as Loki takes no line that is much older than the newest of its stream.
void TraceReader::read_merged(std::vector<Unread> unread, TraceRead& read) {
    while (!unread.empty()) {
        if (left_ == 0) {
            read.more = true;
            return;
        }
        const auto next = std::ranges::min_element(unread, {}, &Unread::at);
        std::iter_swap(next, unread.end() - 1);
        const auto second = std::min_element(
            unread.begin(), unread.end() - 1, [](const Unread& one, const Unread& other) {
                return one.at < other.at;
            });
        const auto until = second == unread.end() - 1 ? WallTime::max() : second->at;
        if (!take_chunk(unread.back(), until, read)) {
            unread.pop_back();
        }
    }
}

// Takes records up to that time, and at least one. False when there is nothing more to take from it
// in this look.
bool TraceReader::take_chunk(Unread& from, WallTime until, TraceRead& read) {
    auto& position = read.positions.files[from.trace->name];
    auto& seen = seen_[from.trace->name];
    for (const auto size : {bounds_.chunk, bounds_.longest_record}) {
        const auto text = from.file.read(position.offset, size);
        if (!text) {
            read.error = text.error().what;
            return false;
        }
        const bool to_end = text->size() < size;
        const auto split =
            split_trace(*text, to_end ? from.last : LastRecord::may_grow, bounds_.longest_record);
        if (split.used == 0 && !to_end) {
            continue;  // a record longer than a chunk
        }
        const auto taken = std::ranges::find_if(split.records, [&](const TraceRecord& record) {
            return &record != split.records.data() && record.head && record.head->at > until;
        });
        const auto used = taken == split.records.end() ? split.used : taken->offset;
        take_records(from, {split.records.begin(), taken}, used, read);
        position.offset += used;
        left_ -= std::min(left_, used);
        from.at = taken == split.records.end() ? std::max(seen.last, from.at) : taken->head->at;
        return used > 0 && position.offset < seen.size;
    }
    return false;
}

void TraceReader::take_records(const Unread& from,
                               std::span<const TraceRecord> records,
                               std::size_t used,
                               TraceRead& read) {
    auto& seen = seen_[from.trace->name];
    const auto begin = read.positions.files[from.trace->name];
    for (std::size_t at = 0; at < records.size(); ++at) {
        const auto& record = records[at];
        if (record.head) {
            seen.last = record.head->at;
        }
        const auto component = record.head ? record.head->component : std::string_view{};
        const auto second = seen.last != WallTime{} ? seen.last : from.at;
        const auto end = at + 1 < records.size() ? records[at + 1].offset : used;
        read.lines.push_back(
            {.file = from.trace->name,
             .at = told_apart(second, begin.offset + record.offset),
             .not_before = std::min(std::max(from.trace->opened, seen.read_at), now_),
             .level = record.head ? record.head->level : Level::info,
             .component = std::string{component},
             .text = std::string{record.text},
             .upto = {.inode = begin.inode, .offset = begin.offset + end}});
    }
}

}  // namespace paws::forwarder
