// News: what is worth a line in the log. A subject is told of when it changed, and not again
// before it was quiet for a while; what changed meanwhile is told then. Pure.

#pragma once

#include "core/time.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace paws::agent {

class News {
public:
    explicit News(std::string normal, std::chrono::nanoseconds quiet = std::chrono::seconds{60})
        : normal_{std::move(normal)}, quiet_{quiet} {}

    // What was told last of `subject`, when `text` is news now; `normal` for a new subject.
    std::optional<std::string> see(const std::string& subject,
                                   const std::string& text,
                                   BootTime now) {
        const auto known = told_.find(subject);
        if (known == told_.end()) {
            if (text == normal_) {
                return std::nullopt;
            }
            told_[subject] = {text, now};
            return normal_;
        }
        auto& told = known->second;
        if (told.text == text || now - told.at < quiet_) {
            return std::nullopt;
        }
        told.at = now;
        return std::exchange(told.text, text);
    }

    // Subjects that are no more: `is_known` says of which there is still something to tell.
    template <class IsKnown>
    void forget_unless(IsKnown is_known) {
        std::erase_if(told_, [&](const auto& entry) { return !is_known(entry.first); });
    }

private:
    struct Told {
        std::string text;
        BootTime at;
    };
    std::string normal_;
    std::chrono::nanoseconds quiet_;
    std::map<std::string, Told> told_;
};

}  // namespace paws::agent
