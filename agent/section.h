// Section: one TOML table while it is read. What it takes is checked; what nobody took is reported
// with the key that was probably meant. Every fault is collected, none stops the reading.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace paws::agent {

struct Fault {
    std::string file;
    std::size_t line = 0;
    std::size_t column = 0;
    std::string what;
};

// `FILE:LINE:COL: WHAT`
std::string to_string(const Fault& fault);

// What is wrong with a value, as the end of the sentence "[web] 'listen' ..."; empty: nothing.
template <class T>
using Check = std::function<std::string(const T&)>;

class Section {
public:
    // `name` is the dotted path, empty for the whole file. Table and faults outlive the section.
    Section(const toml::table& table, std::string name, std::vector<Fault>& faults)
        : table_{table}, name_{std::move(name)}, faults_{faults} {}

    // Each leaves `setting` alone when the key is absent, and reports a wrong type or value.
    void take(std::string_view key, bool& setting);
    void take(std::string_view key, std::string& setting, const Check<std::string>& check = {});
    void take(std::string_view key,
              std::vector<std::string>& setting,
              const Check<std::string>& check = {});
    void take(std::string_view key,
              std::chrono::nanoseconds& setting,
              const Check<std::chrono::nanoseconds>& check = {});
    void take(std::string_view key, std::uint64_t& setting, const Check<std::uint64_t>& check = {});
    // A table of strings; what is wrong with a name or a value says `check(name, value)`.
    void take(std::string_view key,
              std::map<std::string, std::string>& setting,
              const std::function<std::string(const std::string&, const std::string&)>& check);
    // The position among `words`.
    void take(std::string_view key, std::size_t& setting, std::span<const std::string_view> words);

    // Calls `read` with the table of that name, which it finishes afterwards.
    void take_section(std::string_view key, const std::function<void(Section&)>& read);
    // The same for each table of a list of tables.
    void take_sections(std::string_view key, const std::function<void(Section&)>& read);
    // Calls `read` with the name and the table of each that is left; `known` are the names allowed.
    void take_named(std::span<const std::string_view> known,
                    const std::function<void(const std::string&, Section&)>& read);

    void require(std::string_view key);
    // "[web] 'listen' WHAT" at the key's value, or at the table when the key is absent.
    void report(std::string_view key, const std::string& what);
    // Reports every key that nobody asked for.
    void finish();

private:
    const toml::node* find(std::string_view key);
    template <class T>
    auto find_as(std::string_view key, std::string_view expected);
    template <class T>
    void set(std::string_view key, T value, const Check<T>& check, T& setting);
    void wrong_type(std::string_view key, std::string_view expected, const toml::node& found);
    void add(const toml::source_region& where, std::string what);
    std::string inner(std::string_view key) const;

    const toml::table& table_;
    std::string name_;
    std::vector<Fault>& faults_;
    std::vector<std::string> asked_;
};

}  // namespace paws::agent
