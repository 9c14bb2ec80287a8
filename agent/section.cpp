#include "agent/section.h"

#include "core/duration.h"
#include "core/nearest.h"
#include "core/text.h"

#include <algorithm>

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

void Section::take(std::string_view key, bool& setting) {
    if (const auto* node = find(key)) {
        const auto* value = node->as_boolean();
        if (value == nullptr) {
            wrong_type(key, "true or false", *node);
            return;
        }
        setting = value->get();
    }
}

void Section::take(std::string_view key, std::string& setting, const Check<std::string>& check) {
    const auto* node = find(key);
    if (node == nullptr) {
        return;
    }
    const auto* value = node->as_string();
    if (value == nullptr) {
        wrong_type(key, "a string", *node);
        return;
    }
    if (const auto complaint = check ? check(value->get()) : ""; !complaint.empty()) {
        report(key, complaint);
        return;
    }
    setting = value->get();
}

void Section::take(std::string_view key,
                   std::vector<std::string>& setting,
                   const Check<std::string>& check) {
    static constexpr std::size_t most_entries = 1024;
    const auto* node = find(key);
    if (node == nullptr) {
        return;
    }
    const auto* list = node->as_array();
    if (list == nullptr) {
        wrong_type(key, "a list of strings", *node);
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
    const auto* node = find(key);
    if (node == nullptr) {
        return;
    }
    const auto* value = node->as_string();
    if (value == nullptr) {
        wrong_type(key, expected, *node);
        return;
    }
    const auto span = parse_duration(value->get());
    if (!span) {
        report(key, "must be " + std::string{expected} + ", not " + quoted(value->get()));
        return;
    }
    if (const auto complaint = check ? check(*span) : ""; !complaint.empty()) {
        report(key, complaint);
        return;
    }
    setting = *span;
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
