#include "exporter/access.h"

namespace paws::exporter {

namespace {

Entry entry_without_locks(const Visitor& visitor) {
    if (visitor.way != Way::loopback) {
        return Entry::only_local;
    }
    return visitor.by_foreign_name ? Entry::foreign_name : Entry::granted;
}

}  // namespace

Entry entry(const Locks& locks, const Visitor& visitor, Area area) {
    if (area == Area::alive || visitor.way == Way::unix_socket) {
        return Entry::granted;
    }
    if (locks.certificate && !visitor.certified) {
        return Entry::needs_certificate;
    }
    if (locks.token && !visitor.right_token) {
        return Entry::needs_token;
    }
    const bool known = locks.certificate || locks.token;
    return known || area != Area::inner ? Entry::granted : entry_without_locks(visitor);
}

}  // namespace paws::exporter
