// Group file: what /etc/group says (group(5)). Pure.

#pragma once

#include <string_view>

namespace paws::pawsctl {

// Whether `user` is among those that a group's line names; whose own group it is no line says.
bool is_member(std::string_view groups, std::string_view group, std::string_view user);

}  // namespace paws::pawsctl
