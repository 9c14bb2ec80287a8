#include "forwarder/batch.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <snappy.h>

namespace paws::forwarder {

namespace {

// Field numbers of Loki's pkg/push/push.proto and of google/protobuf/timestamp.proto.
namespace push_request {
constexpr protozero::pbf_tag_type streams = 1;
}
namespace stream_adapter {
constexpr protozero::pbf_tag_type labels = 1;
constexpr protozero::pbf_tag_type entries = 2;
}  // namespace stream_adapter
namespace entry_adapter {
constexpr protozero::pbf_tag_type timestamp = 1;
constexpr protozero::pbf_tag_type line = 2;
constexpr protozero::pbf_tag_type metadata = 3;
}  // namespace entry_adapter
namespace label_pair {
constexpr protozero::pbf_tag_type name = 1;
constexpr protozero::pbf_tag_type value = 2;
}  // namespace label_pair
namespace timestamp {
constexpr protozero::pbf_tag_type seconds = 1;
constexpr protozero::pbf_tag_type nanos = 2;
}  // namespace timestamp

using Writer = protozero::pbf_writer;

std::size_t varint_size(std::uint64_t value) {
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7U) {
        ++size;
    }
    return size;
}

// A field of at most 15 with a length before its bytes.
std::size_t field_size(std::size_t length) {
    return 1 + varint_size(length) + length;
}

struct Stamp {
    std::int64_t seconds = 0;
    std::int32_t nanos = 0;

    explicit Stamp(WallTime at) {
        const auto whole = std::chrono::floor<std::chrono::seconds>(at);
        seconds = whole.time_since_epoch().count();
        nanos = static_cast<std::int32_t>((at - whole).count());
    }
    std::size_t size() const {
        return 2 + varint_size(static_cast<std::uint64_t>(seconds)) +
               varint_size(static_cast<std::uint64_t>(nanos));
    }
};

std::string_view text(const protozero::data_view& view) {
    return {view.data(), view.size()};
}

std::pair<std::string_view, std::string_view> read_pair(protozero::pbf_reader message) {
    std::pair<std::string_view, std::string_view> pair;
    while (message.next()) {
        switch (message.tag()) {
            case label_pair::name:
                pair.first = text(message.get_view());
                break;
            case label_pair::value:
                pair.second = text(message.get_view());
                break;
            default:
                message.skip();
        }
    }
    return pair;
}

void append_stream(std::string& request,
                   const Batch& batch,
                   std::span<const Batch::Item> items,
                   const std::string& labels) {
    const auto entries = std::transform_reduce(
        items.begin(), items.end(), std::size_t{}, std::plus{}, [](auto item) {
            return field_size(item.size);
        });
    Writer top{request};
    Writer stream{top, push_request::streams, field_size(labels.size()) + entries};
    stream.add_string(stream_adapter::labels, labels);
    for (const auto& item : items) {
        const auto entry = batch.encoded(item);
        stream.add_message(stream_adapter::entries, entry.data(), entry.size());
    }
}

}  // namespace

void Metadata::add(std::string_view name, std::string_view value) {
    Writer top{bytes_};
    Writer pair{top, entry_adapter::metadata, field_size(name.size()) + field_size(value.size())};
    pair.add_string(label_pair::name, name.data(), name.size());
    pair.add_string(label_pair::value, value.data(), value.size());
}

void Batch::add(StreamId stream, WallTime at, std::string_view line, const Metadata& metadata) {
    const Stamp stamp{at};
    const auto offset = bytes_.size();
    {
        // A writer beside one whose size was told beforehand is refused for good; each has its own.
        Writer entry{bytes_};
        Writer time{entry, entry_adapter::timestamp, stamp.size()};
        time.add_int64(timestamp::seconds, stamp.seconds);
        time.add_int32(timestamp::nanos, stamp.nanos);
    }
    Writer{bytes_}.add_string(entry_adapter::line, line.data(), line.size());
    bytes_ += metadata.bytes();
    items_.push_back({.at = at,
                      .stream = stream,
                      .offset = static_cast<std::uint32_t>(offset),
                      .size = static_cast<std::uint32_t>(bytes_.size() - offset)});
    oldest_ = std::min(oldest_.value_or(at), at);
}

void Batch::clear() {
    bytes_.clear();
    items_.clear();
    oldest_.reset();
    of_traces = {};
}

Entry Batch::decode(const Item& item) const {
    Entry entry{.at = item.at, .line = {}, .metadata = {}};
    const auto bytes = encoded(item);
    protozero::pbf_reader message{bytes.data(), bytes.size()};
    while (message.next()) {
        switch (message.tag()) {
            case entry_adapter::line:
                entry.line = text(message.get_view());
                break;
            case entry_adapter::metadata:
                entry.metadata.push_back(read_pair(message.get_message()));
                break;
            default:
                message.skip();
        }
    }
    return entry;
}

// By stream, in each as they came.
void Packer::group(std::span<const Batch::Item> items, const Streams& streams) {
    next_.assign(streams.count() + 1, 0);
    for (const auto& item : items) {
        ++next_[item.stream + 1];
    }
    std::partial_sum(next_.begin(), next_.end(), next_.begin());
    grouped_.resize(items.size());
    for (const auto& item : items) {
        grouped_[next_[item.stream]++] = item;
    }
}

std::string Packer::pack(const Batch& batch,
                         std::span<const Batch::Item> items,
                         const Streams& streams) {
    group(items, streams);
    request_.clear();
    for (auto first = grouped_.begin(); first != grouped_.end();) {
        const auto last = std::find_if(
            first, grouped_.end(), [&](const auto& item) { return item.stream != first->stream; });
        append_stream(request_, batch, {first, last}, streams.labels(first->stream));
        first = last;
    }
    packed_.resize(std::max(packed_.size(), snappy::MaxCompressedLength(request_.size())));
    std::size_t size = 0;
    snappy::RawCompress(request_.data(), request_.size(), packed_.data(), &size);
    return {packed_.data(), size};
}

std::string with_suffix(const Entry& entry) {
    std::string line{entry.line};
    for (const auto& [name, value] : entry.metadata) {
        const bool plain =
            !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
        line += ' ';
        line += name;
        line += plain ? "=" : "=\"";
        for (const char c : value) {
            line += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
        }
        line += plain ? "" : "\"";
    }
    return line;
}

}  // namespace paws::forwarder
