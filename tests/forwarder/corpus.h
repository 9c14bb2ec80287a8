// Corpus: the lines that redaction is judged by, tests/forwarder/corpus/*.txt. No secret stands
// whole in these files, so that what scans repositories for secrets finds none: `{{}}` is left out
// on reading.

#pragma once

#include "tests/support/paths.h"

#include <fstream>
#include <string>
#include <vector>

namespace paws::tests {

struct SecretLine {
    std::string rule;
    std::string secret;
    std::string line;
};

inline std::string assembled(std::string text) {
    for (auto at = text.find("{{}}"); at != std::string::npos; at = text.find("{{}}", at)) {
        text.erase(at, 4);
    }
    return text;
}

inline std::vector<std::string> corpus_lines(const std::string& file) {
    std::ifstream stream{source_path("tests/forwarder/corpus/" + file)};
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(assembled(line));
    }
    return lines;
}

// RULE<TAB>SECRET<TAB>LINE
inline std::vector<SecretLine> secret_lines() {
    std::vector<SecretLine> found;
    for (const auto& each : corpus_lines("secrets.txt")) {
        const auto rule = each.find('\t');
        const auto secret = each.find('\t', rule + 1);
        found.push_back({each.substr(0, rule),
                         each.substr(rule + 1, secret - rule - 1),
                         each.substr(secret + 1)});
    }
    return found;
}

}  // namespace paws::tests
