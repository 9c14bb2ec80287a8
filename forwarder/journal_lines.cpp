#include "forwarder/journal_lines.h"

#include "core/text.h"
#include "forwarder/job_metadata.h"
#include "forwarder/unit_label.h"

#include <algorithm>

namespace paws::forwarder {

namespace {

constexpr std::string_view runner_prefix = "actions.runner.";
constexpr std::string_view runner_suffix = ".service";
constexpr std::size_t most_units = 4'000;  // remembered at a time
constexpr std::size_t longest_identifier = 128;

// The runner of a unit, also of one that is not discovered yet.
std::string runner_of(std::string_view unit, const Roster& roster) {
    if (const auto* runner = roster.of_unit(unit)) {
        return runner->name;
    }
    const auto both = runner_prefix.size() + runner_suffix.size();
    const bool is_runner =
        unit.size() > both && unit.starts_with(runner_prefix) && unit.ends_with(runner_suffix);
    return is_runner ? std::string{unit.substr(runner_prefix.size(), unit.size() - both)} : "";
}

}  // namespace

JournalLines::Unit JournalLines::make_unit(std::string_view name, const Roster& roster) {
    const auto runner = runner_of(name, roster);
    const auto label = unit_label(name);
    Unit unit{.place = intake_.streams().of({.job = "journal", .unit = label, .runner = runner}),
              .wanted = wants_unit(filter_, name),
              .of_runner = !runner.empty(),
              .full_name = ""};
    if (unit.place.crowded || label != name) {
        unit.full_name = name;
    }
    return unit;
}

JournalLines::Unit& JournalLines::unit_of(const JournalEntry& entry, const Roster& roster) {
    const auto name = entry.subject();
    if (last_ != nullptr && name == last_name_) {
        return *last_;
    }
    last_name_.assign(name);
    auto found = units_.find(last_name_);
    if (found == units_.end()) {
        if (units_.size() >= most_units) {
            units_.clear();
        }
        found = units_.emplace(last_name_, make_unit(name, roster)).first;
    }
    last_ = &found->second;
    return *last_;
}

bool JournalLines::may_learn_job(const JournalEntry& entry, WallTime at, const Roster& roster) {
    if (!unit_of(entry, roster).of_runner) {
        return false;
    }
    const auto* runner = roster.of_unit(entry.subject());
    return runner == nullptr || !knows_job(*runner, at);
}

void JournalLines::take(Batch& batch,
                        const JournalEntry& entry,
                        WallTime at,
                        const Roster& roster) {
    if (const auto dropped = entry.dropped_messages(); dropped > 0) {
        intake_.lost(LogLoss::suppressed, dropped);
    }
    if (!entry.has_message) {
        if (!entry.whole) {
            intake_.lost(LogLoss::unreadable);
        }
        return;
    }
    auto& unit = unit_of(entry, roster);
    if (!unit.wanted) {
        return;
    }
    std::string_view text = entry.message;
    if (entry.cut) {
        intake_.lost(LogLoss::too_long);
        text = whole_characters(text, text.size());
    }
    auto level = level_of_priority(entry.priority);
    if (unit.of_runner && entry.transport == "stdout") {
        level = std::min(level, level_of_console(entry.message).value_or(level));
    }
    const auto& metadata = describe(entry, unit, at, roster);
    intake_.take(batch,
                 {.source = LogSource::journal,
                  .stream = Streams::at_level(unit.place.first, level),
                  .at = at,
                  .text = text,
                  .writer = entry.writer()},
                 metadata);
}

const Metadata& JournalLines::describe_writer(const JournalEntry& entry, Unit& unit) {
    if (!unit.of_writer.bytes().empty() && unit.pid == entry.pid &&
        unit.identifier == entry.identifier) {
        return unit.of_writer;
    }
    unit.pid = entry.pid;
    unit.identifier = entry.identifier;
    auto& metadata = unit.of_writer;
    metadata.clear();
    if (!unit.pid.empty()) {
        metadata.add("pid", unit.pid);
    }
    if (!unit.identifier.empty()) {
        metadata.add("identifier",  // anybody's text
                     printable(intake_.without_secrets(unit.identifier), longest_identifier));
    }
    if (!unit.full_name.empty()) {
        metadata.add("full_unit", unit.full_name);
    }
    return metadata;
}

const Metadata& JournalLines::describe(const JournalEntry& entry,
                                       Unit& unit,
                                       WallTime at,
                                       const Roster& roster) {
    const auto& of_writer = describe_writer(entry, unit);
    const auto* runner = unit.of_runner ? roster.of_unit(entry.subject()) : nullptr;
    const auto* job = runner == nullptr ? nullptr : job_at(*runner, at);
    if (job == nullptr) {
        return of_writer;
    }
    metadata_ = of_writer;
    add_job(metadata_, *job, intake_);
    return metadata_;
}

}  // namespace paws::forwarder
