#include "pawsctl/shell_word.h"

namespace paws::pawsctl {

std::string shell_quoted(std::string_view text) {
    std::string quoted{"'"};
    for (const char c : text) {
        quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
    }
    return quoted + "'";
}

}  // namespace paws::pawsctl
