#include "pawsctl/group_file.h"

#include "core/text.h"

namespace paws::pawsctl {

// The names after the last colon of a line "GROUP:x:ID:A,B".
bool is_member(std::string_view groups, std::string_view group, std::string_view user) {
    while (!groups.empty()) {
        auto line = take_until(groups, '\n');
        if (take_until(line, ':') != group) {
            continue;
        }
        auto members = line.substr(line.rfind(':') + 1);
        while (!members.empty()) {
            if (trim(take_until(members, ',')) == user) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace paws::pawsctl
