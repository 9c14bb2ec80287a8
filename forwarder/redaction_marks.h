// Redaction marks: `[redacted:NAME]`, and the parts of a line that become one.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace paws::forwarder {

struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t name = 0;
    bool counts = true;
};

// Small letters, digits and _: what can stand in a mark and in a label.
bool is_rule_name(std::string_view name);

std::string mark_of(std::string_view name);

// Drops the spans from `first` on that touch one of the marks: what was redacted before stays as it
// is. What only looks like a mark is none: it would shelter a secret.
void spare_marks(std::string_view line,
                 const std::vector<std::string>& marks,
                 std::vector<Span>& spans,
                 std::size_t first);

// Of spans that overlap one is made, under the name of the one that begins first, or is longer.
void merge(std::vector<Span>& spans);

}  // namespace paws::forwarder
