#include "agent/version.h"

namespace paws::agent {

std::string_view version() {
    return PAWS_VERSION;
}

std::string_view revision() {
    return PAWS_REVISION;
}

}  // namespace paws::agent
