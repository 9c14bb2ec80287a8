#include "pawsctl/version.h"

namespace paws::pawsctl {

std::string version_line() {
    return "pawsctl " PAWS_VERSION " (" PAWS_REVISION ")";
}

}  // namespace paws::pawsctl
