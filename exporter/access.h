// Access: who is shown what. Pure; the table is tested cell by cell.

#pragma once

#include <string_view>

namespace paws::exporter {

// What [web] demands of those who come over TCP; the mode of a unix socket's file is its own lock.
struct Locks {
    bool certificate = false;  // of a client_ca, shown in the handshake
    bool token = false;
};

enum class Way { network, loopback, unix_socket };

struct Visitor {
    Way way = Way::network;
    bool certified = false;       // has shown such a certificate
    bool right_token = false;     // has brought one
    bool by_foreign_name = true;  // has called this machine by a name that anybody may give it
};

enum class Area {
    alive,    // /-/healthy: whoever asks must know nothing
    watch,    // /metrics and the rest of /-/: numbers
    inner,    // the page and /api: jobs, paths, people
    nowhere,  // no such page
};

enum class Entry { granted, needs_certificate, needs_token, only_local, foreign_name };

// Without locks, what tells of jobs and paths stays on this machine, and there nobody may be led to
// it by a foreign name.
Entry entry(const Locks& locks, const Visitor& visitor, Area area);

}  // namespace paws::exporter
