#include "agent/section.h"

#include "core/duration.h"
#include "core/nearest.h"
#include "core/text.h"

#include <algorithm>
#include <utility>

namespace paws::agent {

namespace {

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::none:
            return "nothing";
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return node.is_array_of_tables() ? "a list of tables" : "a list";
        case toml::node_type::string:
            return "a string";
        case toml::node_type::integer:
            return "an integer";
        case toml::node_type::floating_point:
            return "a number";
        case toml::node_type::boolean:
            return "a boolean";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time:
            return "a date or time";
    }
    return "something else";
}

std::string quoted(std::string_view text) {
    return "'" + printable(text) + "'";
}

std::string heading(std::string_view name) {
    return "[" + printable(name) + "]";
}

}  // namespace

std::string to_string(const Fault& fault) {
    return fault.file + ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column) +
           ": " + fault.what;
}

// The key's value; null when it is absent or, which is reported, of another type.
template <class T>
auto Section::find_as(std::string_view key, std::string_view expected) {
    const auto* node = find(key);
    const auto* value = node == nullptr ? nullptr : node->as<T>();
    if (node != nullptr && value == nullptr) {
        wrong_type(key, expected, *node);
    }
    return value;
}

template <class T>
void Section::set(std::string_view key, T value, const Check<T>& check, T& setting) {
    if (const auto complaint = check ? check(value) : ""; !complaint.empty()) {
        report(key, complaint);
    } else {
        setting = std::move(value);
    }
}

void Section::take(std::string_view key, bool& setting) {
    if (const auto* value = find_as<bool>(key, "true or false")) {
        setting = value->get();
    }
}

void Section::take(std::string_view key, std::string& setting, const Check<std::string>& check) {
    if (const auto* value = find_as<std::string>(key, "a string")) {
        set(key, value->get(), check, setting);
    }
}

void Section::take(std::string_view key,
                   std::vector<std::string>& setting,
                   const Check<std::string>& check) {
    static constexpr std::size_t most_entries = 1024;
    const auto* list = find_as<toml::array>(key, "a list of strings");
    if (list == nullptr) {
        return;
    }
    if (list->size() > most_entries) {
        report(key, "has more than " + std::to_string(most_entries) + " entries");
        return;
    }
    std::vector<std::string> taken;
    for (const auto& element : *list) {
        const auto* value = element.as_string();
        if (value == nullptr) {
            add(element.source(),
                heading(name_) + " " + quoted(key) + " must hold strings only, not " +
                    std::string{type_name(element)});
        } else if (const auto complaint = check ? check(value->get()) : ""; !complaint.empty()) {
            add(element.source(), heading(name_) + " " + quoted(key) + " " + complaint);
        } else {
            taken.push_back(value->get());
        }
    }
    setting = std::move(taken);
}

void Section::take(std::string_view key,
                   std::chrono::nanoseconds& setting,
                   const Check<std::chrono::nanoseconds>& check) {
    static constexpr std::string_view expected = R"(a duration such as "500ms", "30s" or "15m")";
    const auto* value = find_as<std::string>(key, expected);
    if (value == nullptr) {
        return;
    }
    if (const auto span = parse_duration(value->get())) {
        set(key, *span, check, setting);
    } else {
        report(key, "must be " + std::string{expected} + ", not " + quoted(value->get()));
    }
}

void Section::take(std::string_view key,
                   std::uint64_t& setting,
                   const Check<std::uint64_t>& check) {
    static constexpr std::string_view expected = "a whole number from 0 on";
    const auto* value = find_as<std::int64_t>(key, expected);
    if (value != nullptr && value->get() < 0) {
        wrong_type(key, expected, *value);
    } else if (value != nullptr) {
        set(key, static_cast<std::uint64_t>(value->get()), check, setting);
    }
}

void Section::take(
    std::string_view key,
    std::map<std::string, std::string>& setting,
    const std::function<std::string(const std::string&, const std::string&)>& check) {
    const auto* table = find_as<toml::table>(key, "a table of strings");
    if (table == nullptr) {
        return;
    }
    for (const auto& [name, entry] : *table) {
        const std::string word{name.str()};
        const auto* value = entry.as_string();
        const auto complaint = value == nullptr
                                   ? "must be a string, not " + std::string{type_name(entry)}
                                   : check(word, value->get());
        if (complaint.empty()) {
            setting[word] = value->get();
        } else {
            add(name.source(), heading(inner(key)) + " " + quoted(word) + " " + complaint);
        }
    }
}

void Section::take(std::string_view key,
                   std::size_t& setting,
                   std::span<const std::string_view> words) {
    std::string word;
    take(key, word, [&](const std::string& written) -> std::string {
        if (std::ranges::find(words, written) != words.end()) {
            return "";
        }
        std::string list;
        for (const auto& candidate : words) {
            list += (list.empty() ? "" : ", ") + std::string{candidate};
        }
        return "must be one of " + list + ", not " + quoted(written);
    });
    if (!word.empty()) {
        setting = static_cast<std::size_t>(std::ranges::find(words, word) - words.begin());
    }
}

void Section::take_section(std::string_view key, const std::function<void(Section&)>& read) {
    const auto* node = find(key);
    if (node == nullptr) {
        return;
    }
    const auto* table = node->as_table();
    if (table == nullptr) {
        add(node->source(),
            heading(inner(key)) + " must be a table, not " + std::string{type_name(*node)});
        return;
    }
    Section section{*table, inner(key), faults_};
    read(section);
    section.finish();
}

void Section::take_sections(std::string_view key, const std::function<void(Section&)>& read) {
    const auto* node = find(key);
    if (node == nullptr) {
        return;
    }
    const auto* list = node->as_array();
    if (list == nullptr || (!list->empty() && !list->is_array_of_tables())) {
        add(node->source(),
            "[" + heading(inner(key)) + "] must be a list of tables, not " +
                std::string{type_name(*node)});
        return;
    }
    for (const auto& element : *list) {
        Section section{*element.as_table(), "[" + inner(key) + "]", faults_};
        read(section);
        section.finish();
    }
}

void Section::take_named(std::span<const std::string_view> known,
                         const std::function<void(const std::string&, Section&)>& read) {
    for (const auto& name : known) {
        take_section(name, [&](Section& section) { read(std::string{name}, section); });
    }
}

void Section::require(std::string_view key) {
    if (!table_.contains(key)) {
        report(key, "is missing");
    }
}

void Section::report(std::string_view key, const std::string& what) {
    const auto* node = table_.get(key);
    add(node == nullptr ? table_.source() : node->source(),
        heading(name_) + " " + quoted(key) + " " + what);
}

void Section::finish() {
    for (const auto& [key, node] : table_) {
        const std::string name{key.str()};
        if (std::ranges::find(asked_, name) != asked_.end()) {
            continue;
        }
        const bool section = node.is_table() || node.is_array_of_tables();
        const auto meant = nearest(name, asked_);
        if (section) {
            add(key.source(),
                heading(inner(name)) + " is not a setting" +
                    (meant ? "; did you mean " + heading(inner(*meant)) + "?" : ""));
        } else if (name_.empty()) {
            add(key.source(), quoted(name) + " is not a setting outside a section");
        } else {
            add(key.source(),
                heading(name_) + " " + quoted(name) + " is not a setting" +
                    suggestion(name, asked_));
        }
    }
}

const toml::node* Section::find(std::string_view key) {
    asked_.emplace_back(key);
    return table_.get(key);
}

void Section::wrong_type(std::string_view key, std::string_view expected, const toml::node& found) {
    report(key, "must be " + std::string{expected} + ", not " + std::string{type_name(found)});
}

void Section::add(const toml::source_region& where, std::string what) {
    faults_.push_back({.file = where.path ? *where.path : "",
                       .line = where.begin.line,
                       .column = where.begin.column,
                       .what = std::move(what)});
}

std::string Section::inner(std::string_view key) const {
    return name_.empty() ? std::string{key} : name_ + "." + std::string{key};
}

}  // namespace paws::agent
