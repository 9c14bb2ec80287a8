#include "forwarder/trace_records.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;
using namespace paws::forwarder;

// A trace as job code may have written it; the first byte says at which length records are cut.
bool paws::fuzz::accepts(std::string_view input) {
    if (input.empty()) {
        return false;
    }
    const std::size_t longest = 32U + static_cast<unsigned char>(input.front());
    const auto text = input.substr(1);
    const auto growing = split_trace(text, LastRecord::may_grow, longest);
    const auto whole = split_trace(text, LastRecord::is_whole, longest);
    require(growing.used <= text.size());
    require(whole.used == text.size());
    require(growing.records.size() <= whole.records.size());
    std::size_t end = 0;
    bool any_head = false;
    for (const auto& record : whole.records) {
        require(record.offset >= end && !record.text.empty());
        require(record.text.size() <= longest);
        end = record.offset + record.text.size();
        require(end <= text.size());
        any_head = any_head || record.head.has_value();
    }
    for (std::size_t at = 0; at < growing.records.size(); ++at) {
        require(growing.records[at].offset == whole.records[at].offset);
        require(growing.records[at].text == whole.records[at].text);
    }
    return any_head;
}
