// Hung: the proof that a listener is alive and dead to GitHub. One sign alone is never enough:
// each of them also has a harmless cause.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"
#include "policy/contact.h"

#include <set>
#include <string_view>

namespace paws::policy {

// The signs that hold now. Empty while something was heard within `contact_block`.
std::set<HungSign> hung_signs_of(const Runner& runner, const ContactView& contact, const Now& now);

std::string_view describe(HungSign sign);  // for people, as part of a sentence

// Two signs, after a silence that nothing explained for `contact_block`.
bool is_hung(const std::set<HungSign>& signs, const ContactView& contact);

}  // namespace paws::policy
