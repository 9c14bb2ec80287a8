#include "forwarder/journal_entry.h"

#include "core/text.h"

namespace paws::forwarder {

namespace {

// sd-messages.h: SD_MESSAGE_JOURNAL_DROPPED, SD_MESSAGE_JOURNAL_MISSED.
constexpr std::string_view journal_dropped = "a596d6fe7bfa4994828e72309e95d61e";
constexpr std::string_view journal_missed = "e9bf28e6e834481bb6f48f548ad13606";

}  // namespace

void JournalEntry::clear() {
    for (auto* text : {&message,
                       &unit,
                       &about,
                       &priority,
                       &pid,
                       &transport,
                       &identifier,
                       &stream,
                       &message_id,
                       &dropped}) {
        text->clear();
    }
    has_message = false;
    whole = true;
    cut = false;
}

// By one letter first: most fields of an entry are none of these.
void JournalEntry::see(std::string_view field) {
    const auto keep = [&](std::string_view name, std::string& text) {
        const bool is_it = field.starts_with(name);
        if (is_it) {
            text.assign(field.substr(name.size()));
        }
        return is_it;
    };
    switch (field.size() < 2 ? '=' : field[field.front() == '_' ? 1 : 0]) {
        case 'P':
            keep("_PID=", pid);
            keep("PRIORITY=", priority);
            break;
        case 'S':
            keep("_SYSTEMD_UNIT=", unit);
            keep("_STREAM_ID=", stream);
            keep("SYSLOG_IDENTIFIER=", identifier);
            break;
        case 'T':
            keep("_TRANSPORT=", transport);
            break;
        case 'M':
            has_message = keep("MESSAGE=", message) || has_message;
            keep("MESSAGE_ID=", message_id);
            break;
        case 'N':
            keep("N_DROPPED=", dropped);
            break;
        case 'U':
            keep("UNIT=", about);
            break;
        default:
            break;
    }
}

// Anybody may send UNIT=; only the manager's word counts.
std::string_view JournalEntry::subject() const {
    if (transport == "kernel") {
        return "kernel";
    }
    return pid == "1" && !about.empty() ? about : unit;
}

// Without a stream it is a program: each call of logger(1) is a process of its own, and Docker's
// journald driver is one process for all containers.
Writer JournalEntry::writer() const {
    return stream.empty() ? Writer{.first = unit, .second = identifier.empty() ? pid : identifier}
                          : Writer{.first = stream, .second = ""};
}

// Only journald itself writes by this transport.
std::uint64_t JournalEntry::dropped_messages() const {
    if (transport != "driver") {
        return 0;
    }
    if (message_id == journal_dropped) {
        return parse_integer<std::uint64_t>(dropped).value_or(1);
    }
    if (message_id == journal_missed) {  // "Missed 12 kernel messages"
        std::string_view rest{message};
        take_word(rest);
        return parse_integer<std::uint64_t>(take_word(rest)).value_or(1);
    }
    return 0;
}

}  // namespace paws::forwarder
