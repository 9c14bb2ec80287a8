#include "actions/verb_inspect.h"

#include "core/proc_stat.h"
#include "core/text.h"
#include "platform/beneath_usage.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <unistd.h>

namespace paws::actions {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::hours longest_kept{24};  // of a runner that is no more, or no longer closed
constexpr std::size_t most_inspections = 10'000;

struct Directory {
    std::string role;
    std::string name;
    std::vector<std::string> apart;
};

class Walk {
public:
    Walk(const InspectBounds& bounds, Inspection& into)
        : entries_{bounds.entries}, until_{Steady::now() + bounds.time}, into_{into} {}

    void measure(const RunnerPlace& place, const Directory& directory) {
        auto opened = own_directory(place, directory.name);
        if (!opened) {
            if (opened.error().code != Errc::absent) {
                into_.missing[directory.role] = printable(opened.error().what);
            }
            return;
        }
        platform::BeneathUsage usage{*std::move(opened), directory.apart};
        const auto complete = usage.advance(entries_, until_ - Steady::now());
        if (!complete || !*complete) {
            into_.missing[directory.role] = complete ? "too large to be walked in the time there is"
                                                     : printable(complete.error().what);
            return;
        }
        into_.directory_bytes[directory.role] = usage.bytes();
        for (const auto& [name, bytes] : usage.apart()) {
            into_.directory_bytes[name.substr(1)] = bytes;
        }
    }

private:
    std::size_t entries_;
    Steady::time_point until_;
    Inspection& into_;
};

std::optional<Program> program_of(const platform::RootFs& fs, int pid) {
    const auto process = "proc/" + std::to_string(pid);
    const auto stat = fs.read(process + "/stat");
    const auto path = fs.read_link(process + "/exe");
    const auto fields = stat ? split_proc_stat(*stat) : std::nullopt;
    const auto started = parse_integer<std::uint64_t>(fields ? (*fields)[22] : "");
    if (!started || !path) {
        return std::nullopt;  // it ended, or is the kernel's
    }
    return Program{.pid = pid, .start_ticks = *started, .path = printable(*path, 1024)};
}

std::vector<Program> programs_of(const platform::RootFs& fs,
                                 const std::string& control_group,
                                 std::size_t most) {
    std::vector<Program> programs;
    const auto pids = control_group.empty()
                          ? Result<std::string>{Error{Errc::absent, "no process is there"}}
                          : fs.read("sys/fs/cgroup" + control_group + "/cgroup.procs");
    std::string_view rest = pids ? std::string_view{*pids} : std::string_view{};
    while (!rest.empty() && programs.size() < most) {
        const auto pid = parse_integer<int>(take_until(rest, '\n'));
        if (auto program = pid ? program_of(fs, *pid) : std::nullopt) {
            programs.push_back(*std::move(program));
        }
    }
    return programs;
}

// What the runner's user may have put in its place is not told: a file of another's, or a link to
// one.
Result<std::string> settings_of(const RunnerPlace& place, std::size_t most) {
    const auto file = place.directory.open_file(".runner");
    const auto status = file ? file->status() : file.error();
    if (!status) {
        return status.error();
    }
    const auto links = file->links();
    if (status->uid != place.owner || !links || *links != 1) {
        return Error{Errc::denied, ".runner: is not a file of the runner's user alone"};
    }
    auto text = file->read(0, most + 1);
    return text && text->size() > most ? Error{Errc::malformed, ".runner: is too large"} : text;
}

// A runner that is looked at is written anew within the hour. That a file cannot be removed takes
// nothing away from the one that was written.
void remove_old(const platform::Beneath& directory, WallTime now) {
    const auto names = directory.list(most_inspections);
    const auto opened = directory.open_directory(".");
    if (!names || !opened) {
        return;
    }
    for (const auto& name : *names) {
        const auto status = directory.status(name);
        if (status && status->kind == platform::FileKind::regular &&
            now - status->modified > longest_kept) {
            ::unlinkat(opened->get(), name.c_str(), 0);
        }
    }
}

template <class Value>
boost::json::object object_of(const std::map<std::string, Value>& map) {
    boost::json::object object;
    for (const auto& [key, value] : map) {
        object[key] = value;
    }
    return object;
}

}  // namespace

Inspection inspect(const RunnerPlace& place,
                   const platform::RootFs& fs,
                   const Now& now,
                   const InspectBounds& bounds) {
    Inspection found{.runner = place.runner,
                     .taken = now,
                     .directory_bytes = {},
                     .missing = {},
                     .settings = std::nullopt,
                     .programs = programs_of(fs, place.control_group, bounds.programs)};
    const auto settings = settings_of(place, bounds.settings_bytes);
    if (settings) {
        found.settings = valid_utf8(*settings);
    } else if (settings.error().code != Errc::absent) {
        found.missing["settings"] = printable(settings.error().what);
    }
    const std::array directories{
        Directory{.role = "diag", .name = "_diag", .apart = {}},
        Directory{.role = "work", .name = "_work", .apart = {"_tool", "_update"}}};
    Walk walk{bounds, found};
    for (const auto& directory : directories) {
        walk.measure(place, directory);
    }
    return found;
}

std::string to_json(const Inspection& inspection) {
    boost::json::array programs;
    for (const auto& program : inspection.programs) {
        programs.push_back(
            {{"pid", program.pid}, {"start_ticks", program.start_ticks}, {"path", program.path}});
    }
    boost::json::object object{{"version", 1},
                               {"runner", inspection.runner},
                               {"wall_ns", inspection.taken.wall.time_since_epoch().count()},
                               {"boot_ns", inspection.taken.boot.time_since_epoch().count()},
                               {"directory_bytes", object_of(inspection.directory_bytes)},
                               {"missing", object_of(inspection.missing)},
                               {"programs", std::move(programs)}};
    if (inspection.settings) {
        object["settings"] = *inspection.settings;
    }
    return boost::json::serialize(object);
}

Result<std::string> publish(const Inspection& inspection,
                            const platform::RootFs& fs,
                            const std::string& directory) {
    const auto opened = platform::Beneath::open(fs, directory);
    if (!opened) {
        return opened.error();
    }
    const auto name = inspection.runner + ".json";
    if (const auto written = opened->replace(name, to_json(inspection)); !written) {
        return written.error();
    }
    remove_old(*opened, inspection.taken.wall);
    return "inspected: " + directory + "/" + name;
}

}  // namespace paws::actions
