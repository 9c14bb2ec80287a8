#include "tests/support/recorded_host.h"

#include "collectors/runner_log_fold.h"
#include "collectors/runner_log_lines.h"
#include "collectors/units_properties.h"
#include "core/text.h"
#include "policy/judge.h"
#include "tests/support/paths.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace paws::tests {

namespace {

namespace fs = std::filesystem;
using collectors::Stage;

// Their sources are the bus, the journal, the kernel's socket tables and the blocks of a disk.
constexpr std::array<std::string_view, 5> elsewhere{
    "reach", "directory_sizes", "journal", "sockets", "units"};

template <class T>
T needed(const std::optional<T>& value, const std::string& what) {
    if (!value) {
        throw std::runtime_error{"recorded host: " + what};
    }
    return *value;
}

// "1795449905.875802"; a double has not that many digits.
std::chrono::nanoseconds parse_seconds(std::string_view text) {
    const auto whole = parse_integer<std::int64_t>(take_until(text, '.'));
    std::string fraction{text.substr(0, 9)};
    fraction.resize(9, '0');
    return std::chrono::seconds{needed(whole, "no seconds")} +
           std::chrono::nanoseconds{
               needed(parse_integer<std::int64_t>(fraction), "no part of a second")};
}

std::vector<std::string_view> lines(std::string_view text) {
    std::vector<std::string_view> found;
    while (!text.empty()) {
        found.push_back(take_until(text, '\n'));
    }
    return found;
}

std::uint64_t take_number(std::string_view& line) {
    return needed(parse_integer<std::uint64_t>(take_word(line)), "no number");
}

// "MOUNTPOINT SIZE AVAIL FILES FILES_FREE", or "MOUNTPOINT error TEXT"; a blank is \040.
std::map<std::string, Result<FilesystemUsage>> parse_usages(std::string_view text) {
    std::map<std::string, Result<FilesystemUsage>> usages;
    for (auto line : lines(text)) {
        std::string mountpoint{take_word(line)};
        if (const auto blank = mountpoint.find("\\040"); blank != std::string::npos) {
            mountpoint.replace(blank, 4, " ");
        }
        auto rest = line;
        if (take_word(rest) == "error") {
            usages.emplace(mountpoint, Error{Errc::timeout, std::string{trim(rest)}});
            continue;
        }
        FilesystemUsage usage;
        usage.size_bytes = take_number(line);
        usage.avail_bytes = take_number(line);
        usage.files = take_number(line);
        usage.files_free = take_number(line);
        usages.emplace(mountpoint, usage);
    }
    return usages;
}

Result<ClockSync> parse_clock(std::string_view text) {
    const auto word = take_word(text);
    if (word == "denied") {
        return Error{Errc::denied, "adjtimex: Operation not permitted"};
    }
    return ClockSync{word == "synchronised", needed(parse_decimal(trim(text)), "no offset")};
}

// "RUNNER ESTABLISHED SECONDS"
void add_sockets(Facts& facts, std::string_view text, const Now& now) {
    for (auto line : lines(text)) {
        auto* runner = find_runner(facts, take_word(line));
        const auto established = take_number(line);
        if (runner != nullptr) {
            runner->sockets = {
                Sockets{static_cast<std::uint32_t>(established), parse_decimal(trim(line))}, now};
        }
    }
}

// "RUNNER ROLE BYTES"
void add_directories(Facts& facts, std::string_view text, const Now& now) {
    for (auto line : lines(text)) {
        auto* runner = find_runner(facts, take_word(line));
        const std::string role{take_word(line)};
        if (runner != nullptr) {
            runner->directory_bytes.taken = now;
            auto& sizes = runner->directory_bytes.value;
            sizes = sizes.value_or(DirectoryBytes{});
            sizes->emplace(role, take_number(line));
        }
    }
}

// "MOUNTPOINT SECONDS_AGO AVAIL", the oldest first.
Judgement remembered_space(std::string_view text, const Now& now) {
    Judgement before;
    for (auto line : lines(text)) {
        auto& samples = before.memories.space[std::string{take_word(line)}];
        const std::chrono::seconds ago{take_number(line)};
        samples.push_back({.at = now.boot - ago, .avail_bytes = take_number(line)});
    }
    return before;
}

CollectorReport collect(collectors::Collector& collector, Facts& facts, const Now& now) {
    const auto filled = collector.collect(facts, now);
    if (filled) {
        (*filled)(facts);
    }
    const auto lacks = filled ? collector.shortfall() : std::optional{filled.error()};
    return {.name = std::string{collector.name()},
            .success = !lacks,
            .duration = std::chrono::milliseconds{1},
            .error = lacks ? lacks->what : ""};
}

}  // namespace

RecordedHost::RecordedHost(const std::string& name) {
    fs::copy(source_path("tests/fixtures/hosts/" + name),
             copy_.path(),
             fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    make_files();
    set_times();
    const auto moment = text("now.txt");
    std::string_view words{moment};
    now_.wall = WallTime{parse_seconds(take_word(words))};
    now_.boot = BootTime{parse_seconds(take_word(words))};
}

std::string RecordedHost::text(const std::string& file) const {
    std::ifstream stream{copy_.path() / file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

// Files too large to be kept: "PATH SIZE".
void RecordedHost::make_files() const {
    const auto list = text("made.txt");
    for (auto line : lines(list)) {
        const std::string path{take_word(line)};
        std::ofstream{copy_.path() / path} << std::string(take_number(line), 'x');
    }
}

// "PATH SECONDS": git keeps no times.
void RecordedHost::set_times() const {
    const auto list = text("mtimes.txt");
    for (auto line : lines(list)) {
        const std::string path{take_word(line)};
        const timespec at{static_cast<std::time_t>(take_number(line)), 0};
        const std::array<timespec, 2> times{at, at};
        if (::utimensat(AT_FDCWD, (copy_.path() / path).c_str(), times.data(), 0) != 0) {
            throw std::runtime_error{"recorded host: no time for " + path};
        }
    }
}

// "SECONDS PID TEXT" for each line that the journal took from the unit's stdout.
RunnerLog RecordedHost::log(const std::string& unit) const {
    RunnerLog log;
    std::map<std::string_view, collectors::RunnerLines> by_wrapper;
    const auto journal = text("journal/" + unit + ".txt");
    for (auto line : lines(journal)) {
        const WallTime at{parse_seconds(take_word(line))};
        auto& wrapper = by_wrapper[take_word(line)];
        line.remove_prefix(std::min<std::size_t>(line.size(), 1));
        if (const auto event = wrapper.next({.text = line, .at = at})) {
            collectors::fold(log, *event, at);
        }
    }
    return log;
}

std::vector<Runner> RecordedHost::runners() const {
    constexpr std::string_view suffix = ".properties";
    std::vector<Runner> found;
    const auto units = copy_.path() / "units";
    if (!fs::exists(units)) {
        return found;
    }
    for (const auto& file : fs::directory_iterator{units}) {
        auto unit = file.path().filename().string();
        unit.resize(unit.size() - suffix.size());
        const auto properties =
            collectors::parse_unit_properties(text("units/" + unit + std::string{suffix}));
        Runner runner{.name = collectors::runner_name(unit), .unit = unit};
        if (properties) {
            runner.root = collectors::runner_root(*properties);
            runner.unit_state = {collectors::to_unit(*properties), now_};
        }
        runner.log = {log(unit), now_};
        found.push_back(std::move(runner));
    }
    std::ranges::sort(found, {}, &Runner::name);
    return found;
}

collectors::Options RecordedHost::options() const {
    collectors::Options options{.root = *platform::RootFs::open(copy_.path())};
    options.usage = [usages = parse_usages(text("statvfs.txt"))](const std::string& mountpoint) {
        const auto found = usages.find(mountpoint);
        return found == usages.end() ? Error{Errc::absent, "statvfs: not recorded"} : found->second;
    };
    options.clock = [clock = parse_clock(text("clock.txt"))] { return clock; };
    return options;
}

Snapshot RecordedHost::look() const {
    Snapshot seen;
    seen.sequence = 1;
    seen.taken = now_;
    seen.facts.runners = runners();
    add_sockets(seen.facts, text("sockets.txt"), now_);
    add_directories(seen.facts, text("directories.txt"), now_);
    const auto sources = collectors::all(options());
    for (const auto stage : {Stage::hosts, Stage::runners}) {
        for (const auto& [probe, collector] : sources) {
            const bool here = std::ranges::find(elsewhere, collector->name()) == elsewhere.end();
            if (here && collector->stage() == stage) {
                seen.collectors.push_back(collect(*collector, seen.facts, now_));
            }
        }
    }
    seen.judged = policy::judge(seen.facts, remembered_space(text("space.txt"), now_), now_);
    return seen;
}

}  // namespace paws::tests
