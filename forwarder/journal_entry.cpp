#include "forwarder/journal_entry.h"

#include "core/text.h"

#include <cstddef>
#include <cstring>

namespace paws::forwarder {

namespace {

// sd-messages.h: SD_MESSAGE_JOURNAL_DROPPED, SD_MESSAGE_JOURNAL_MISSED.
constexpr std::string_view journal_dropped = "a596d6fe7bfa4994828e72309e95d61e";
constexpr std::string_view journal_missed = "e9bf28e6e834481bb6f48f548ad13606";

// `name` is "NAME=". Its length is known to the compiler, which makes the comparison a few
// instructions: this is done 22 times a line.
template <std::size_t Size>
bool keep(std::string& text,
          const char (&name)[Size],  // NOLINT(*-avoid-c-arrays): a literal is one
          std::string_view field) {
    constexpr std::size_t length = Size - 1;
    if (field.size() < length || std::memcmp(field.data(), name, length) != 0) {
        return false;
    }
    text.assign(field.data() + length, field.size() - length);
    return true;
}

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
    switch (field.size() < 2 ? '=' : field[field.front() == '_' ? 1 : 0]) {
        case 'P':
            keep(pid, "_PID=", field) || keep(priority, "PRIORITY=", field);
            break;
        case 'S':
            keep(unit, "_SYSTEMD_UNIT=", field) || keep(stream, "_STREAM_ID=", field) ||
                keep(identifier, "SYSLOG_IDENTIFIER=", field);
            break;
        case 'T':
            keep(transport, "_TRANSPORT=", field);
            break;
        case 'M':
            if (keep(message, "MESSAGE=", field)) {
                has_message = true;
            } else {
                keep(message_id, "MESSAGE_ID=", field);
            }
            break;
        case 'N':
            keep(dropped, "N_DROPPED=", field);
            break;
        case 'U':
            keep(about, "UNIT=", field);
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
