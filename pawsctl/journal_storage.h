// JournalStorage: where journald is told to keep what it takes (journald.conf(5), Storage=).

#pragma once

#include "platform/root_fs.h"

#include <string>

namespace paws::pawsctl {

struct JournalStorage {
    std::string word = "auto";  // persistent, volatile, none, or anything else that is written
    std::string file;           // which says so; empty where none does
};

// Of journald.conf and its drop-ins, of which the last one rules.
JournalStorage journal_storage(const platform::RootFs& host);

}  // namespace paws::pawsctl
