// Redactor: takes secrets out of log lines, by all rules in one pass over each line.
// What it finds is replaced and counted, never kept and never told. Linear time (RE2). One thread.

#pragma once

#include "core/result.h"
#include "forwarder/redaction_rules.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace paws::forwarder {

// What of a private key is still to come on a source of lines (a stream, a file): journald makes an
// entry of each of its lines. Kept with the position, so that a restart leaks nothing. A line that
// can be no part of a key is let through and halves what is left: two writers may share a stream,
// and a key that broke off must not swallow what follows.
struct OpenKey {
    std::uint32_t lines_left = 0;  // 0: none is open
    std::uint64_t seen = 0;        // its source's last line, by whoever counts lines; not kept

    bool operator==(const OpenKey&) const = default;
};

class Redactor {
public:
    // The built-in rules and then those of the operator. Errc::malformed names the pattern at
    // fault.
    static Result<Redactor> create(const std::vector<RedactionRule>& own = {});

    Redactor(Redactor&&) noexcept;
    Redactor& operator=(Redactor&&) noexcept;
    Redactor(const Redactor&) = delete;
    Redactor& operator=(const Redactor&) = delete;
    ~Redactor();

    // The line without its secrets: `line` itself when there are none, else a text that is good
    // until the next call. `open` is the source's.
    std::string_view redact(std::string_view line, OpenKey& open);

    // The names of the rules, and how often each has replaced something, in the same order. A
    // private key counts once, with its BEGIN.
    const std::vector<std::string>& rules() const;
    const std::vector<std::uint64_t>& counts() const;

private:
    class Rules;
    explicit Redactor(std::unique_ptr<Rules> rules);
    std::unique_ptr<Rules> rules_;
};

}  // namespace paws::forwarder
