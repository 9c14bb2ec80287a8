#include "forwarder/trigger_scan.h"

#include <algorithm>
#include <utility>

namespace paws::forwarder {

namespace {

bool same_letter(char one, char other) {
    return (static_cast<unsigned char>(one) | 0x20U) == (static_cast<unsigned char>(other) | 0x20U);
}

bool begins_with(std::string_view text, std::string_view word) {
    return text.size() >= word.size() &&
           std::equal(word.begin(), word.end(), text.begin(), same_letter);
}

}  // namespace

TriggerScan::TriggerScan(std::vector<Word> words) : words_{std::move(words)} {
    const auto slot = [](const Word& word) { return slot_of(word.text.c_str()); };
    std::stable_sort(words_.begin(), words_.end(), [&](const Word& one, const Word& other) {
        return slot(one) < slot(other);
    });
    for (auto at = std::min(words_.size(), most_words); at > 0; --at) {
        slots_[slot(words_[at - 1])] = static_cast<std::uint8_t>(at);
    }
}

std::uint64_t TriggerScan::rules_at(std::string_view rest, std::size_t first) const {
    const auto slot = slot_of(rest.data());
    std::uint64_t found = 0;
    for (auto at = first; at < words_.size(); ++at) {
        const auto& word = words_[at];
        if (begins_with(rest, word.text)) {
            found |= word.rules;
        } else if (slot_of(word.text.c_str()) != slot) {
            break;
        }
    }
    return found;
}

}  // namespace paws::forwarder
