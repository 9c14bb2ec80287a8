#include "collectors/all.h"

#include "collectors/runner_files.h"

namespace paws::collectors {

std::vector<Source> all(const Options& options) {
    std::vector<Source> sources;
    sources.push_back({"files", std::make_unique<RunnerFilesCollector>(options.root)});
    return sources;
}

}  // namespace paws::collectors
