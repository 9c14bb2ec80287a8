#include "pawsctl/hook_entry.h"

#include "core/text.h"

namespace paws::pawsctl {

namespace {

// "job-started: acme/widgets, run 123, build"
std::string message(const HookEvent& event, const Environment& environment) {
    std::string text{event.name};
    const auto add = [&](std::string_view before, const HookField& field) {
        if (const auto value = environment(field.variable)) {
            text.append(before).append(printable(*value));
        }
    };
    add(": ", hook_repository);
    add(", run ", hook_run_id);
    add(", ", hook_job);
    return text;
}

}  // namespace

std::vector<platform::JournalField> hook_entry(const HookEvent& event,
                                               const Environment& environment) {
    std::vector<platform::JournalField> fields{{"MESSAGE", message(event, environment)},
                                               {"MESSAGE_ID", std::string{event.message_id}},
                                               {"PRIORITY", "6"},
                                               {"SYSLOG_IDENTIFIER", "pawsctl"},
                                               {"PAWS_EVENT", std::string{event.name}}};
    for (const auto& field : hook_fields) {
        const auto value = environment(field.variable);
        if (value && !value->empty()) {
            fields.push_back({std::string{field.name}, printable(*value)});
        }
    }
    return fields;
}

}  // namespace paws::pawsctl
