// What several metrics and the JSON documents say of a runner, drawn from more than one fact.

#pragma once

#include "exporter/view.h"

#include <string>
#include <string_view>

namespace paws::exporter {

inline const RunnerSettings* settings_of(const View& view, const Runner& runner) {
    const auto* files = view.fresh(runner.files);
    return files != nullptr && files->settings ? &*files->settings : nullptr;
}

// What is installed, else what it last said it is; empty when unknown.
inline std::string version_of(const View& view, const Runner& runner) {
    if (const auto* files = view.fresh(runner.files); files != nullptr && !files->version.empty()) {
        return files->version;
    }
    const auto* log = view.fresh(runner.log);
    return log != nullptr ? log->version : "";
}

// The path of the URL that the runner is registered with: an organisation, or owner/repository.
inline std::string_view scope_of(std::string_view github_url) {
    const auto scheme = github_url.find("://");
    const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
    const auto path = github_url.find('/', host);
    if (path == std::string_view::npos) {
        return {};
    }
    auto scope = github_url.substr(path + 1);
    scope = scope.substr(0, scope.find_first_of("?#"));
    while (scope.ends_with('/')) {
        scope.remove_suffix(1);
    }
    return scope;
}

}  // namespace paws::exporter
