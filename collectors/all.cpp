#include "collectors/all.h"

namespace paws::collectors {

std::vector<Source> all(const Options& /*options*/) {
    std::vector<Source> sources;
    return sources;
}

}  // namespace paws::collectors
