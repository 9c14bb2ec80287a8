// Diagnosis: what `doctor` found, requirement by requirement, with the command that mends it.

#pragma once

#include "pawsctl/screen.h"
#include "pawsctl/verdict.h"

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

struct Check {
    std::string name;
    std::optional<Verdict> verdict;  // absent: nothing here needs it
    std::string what;
    std::string fix;  // a command where there is one; empty when nothing is to be done
};

// Of the host, or of one runner.
struct Examined {
    std::string subject;
    std::vector<Check> checks;
};
using Diagnosis = std::vector<Examined>;

Check well(std::string name, std::string what);
Check unneeded(std::string name, std::string what);
Check found(std::string name, Verdict verdict, std::string what, std::string fix);

Verdict verdict(const Diagnosis& diagnosis);
boost::json::object diagnosis_json(const Diagnosis& diagnosis);
std::vector<std::string> render_diagnosis(const Diagnosis& diagnosis, const Screen& screen);

}  // namespace paws::pawsctl
