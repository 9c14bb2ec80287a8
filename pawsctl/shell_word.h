// Shell word: any text as one word of a shell's command.

#pragma once

#include <string>
#include <string_view>

namespace paws::pawsctl {

std::string shell_quoted(std::string_view text);

}  // namespace paws::pawsctl
