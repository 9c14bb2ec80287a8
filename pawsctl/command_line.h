// Command line: what the user typed, as the verb to run and how to reach the agent.

#pragma once

#include "pawsctl/ask.h"

#include <functional>
#include <string>

#include <CLI/App.hpp>

namespace paws::pawsctl {

// What every verb that asks the agent understands.
struct Call {
    Address address;
    bool json = false;
};

class CommandLine {
public:
    CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;
    ~CommandLine() = default;

    // The exit code of the verb that was typed, or of what was wrong with it.
    int run(int argc, const char* const* argv);

    CLI::App& app() { return app_; }
    // Adds a verb; give it what it takes and what it does.
    static CLI::App& verb(CLI::App& parent, const std::string& name, const std::string& what);
    // Lets `verb` take --socket and --timeout, and --json.
    void takes_address(CLI::App& verb);
    void takes_json(CLI::App& verb);
    // What to do once everything typed is understood.
    void does(CLI::App& verb, std::function<int(const Call&)> action);

private:
    int complain_about(const CLI::ParseError& mistake) const;

    CLI::App app_;
    Call call_;
    std::function<int(const Call&)> action_;
};

// For options that are a time span: empty, or what is wrong with it.
std::string check_span(const std::string& typed);

// Examples for the end of a verb's help, one a line.
std::string examples(std::initializer_list<const char*> lines);

}  // namespace paws::pawsctl
