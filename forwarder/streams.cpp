#include "forwarder/streams.h"

#include "core/text.h"

namespace paws::forwarder {

namespace {

constexpr std::string_view crowd = "other";

std::string key_of(const Origin& origin) {
    return origin.job + '\n' + origin.unit + '\n' + origin.runner;
}

}  // namespace

std::string label_text(const Labels& labels) {
    std::string text = "{";
    for (const auto& [name, value] : labels) {
        text += (text.size() > 1 ? ", " : "") + name + "=\"";
        for (const char c : printable(value, 1024)) {
            if (c == '"' || c == '\\') {
                text += '\\';
            }
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

StreamId Streams::add(const Origin& origin) {
    const auto first = static_cast<StreamId>(labels_.size());
    for (const auto level : levels) {
        auto labels = common_;
        labels["job"] = origin.job;
        labels["level"] = to_string(level);
        if (!origin.unit.empty()) {
            labels["unit"] = origin.unit;
        }
        if (!origin.runner.empty()) {
            labels["runner"] = origin.runner;
        }
        labels_.push_back(label_text(labels));
    }
    return first;
}

Streams::Place Streams::of(const Origin& origin) {
    const auto key = key_of(origin);
    if (const auto found = known_.find(key); found != known_.end()) {
        return {.first = found->second};
    }
    const bool of_runner = !origin.runner.empty();
    if (auto& left = of_runner ? left_for_runners_ : left_; left > 0) {
        --left;
        return {.first = known_.emplace(key, add(origin)).first->second};
    }
    const Origin other{.job = origin.job,
                       .unit = std::string{crowd},
                       .runner = std::string{of_runner ? crowd : ""}};
    const auto shared = known_.try_emplace(key_of(other), 0);
    if (shared.second) {
        shared.first->second = add(other);
    }
    return {.first = shared.first->second, .crowded = true};
}

}  // namespace paws::forwarder
