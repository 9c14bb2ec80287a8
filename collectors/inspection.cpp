#include "collectors/inspection.h"

#include "collectors/github_json.h"
#include "collectors/runner_settings.h"
#include "core/runner_unit.h"
#include "core/text.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace paws::collectors {

namespace {

namespace json = github_json;

constexpr std::size_t largest = std::size_t{1} << 20U;
constexpr std::array<std::string_view, 4> roles{"work", "tool", "update", "diag"};

DirectoryBytes sizes_of(const boost::json::value* object) {
    DirectoryBytes sizes;
    for (const auto role : roles) {
        const auto bytes =
            object == nullptr ? std::nullopt : json::number(json::find(*object, role));
        if (bytes) {
            sizes[std::string{role}] = *bytes;
        }
    }
    return sizes;
}

std::map<int, std::string> programs_of(const boost::json::array* list) {
    std::map<int, std::string> programs;
    for (const auto& one : list == nullptr ? boost::json::array{} : *list) {
        const auto pid = json::number(json::find(one, "pid"));
        if (pid && *pid <= INT32_MAX && programs.size() < process_limit) {
            programs[static_cast<int>(*pid)] = printable(json::text(json::find(one, "path")), 1024);
        }
    }
    return programs;
}

template <class Time>
std::optional<Time> time_of(const boost::json::value* nanoseconds) {
    const auto count = json::number(nanoseconds);
    return count && *count <= INT64_MAX
               ? std::optional{Time{std::chrono::nanoseconds{static_cast<std::int64_t>(*count)}}}
               : std::nullopt;
}

}  // namespace

Result<Sourced<Inspection>> parse_inspection(std::string_view text, std::string_view runner) {
    const auto document = json::parse_object(text);
    if (!document) {
        return document.error();
    }
    const auto member = [&](std::string_view key) { return json::find(*document, key); };
    const auto wall = time_of<WallTime>(member("wall_ns"));
    const auto boot = time_of<BootTime>(member("boot_ns"));
    if (json::number(member("version")) != 1U || json::text(member("runner")) != runner || !wall ||
        !boot) {
        return Error{Errc::malformed, "is no inspection of this runner, or of another version"};
    }
    Sourced<Inspection> found{
        .value = Inspection{.directory_bytes = sizes_of(member("directory_bytes")),
                            .settings = std::nullopt,
                            .programs = programs_of(json::find_list(*document, "programs"))},
        .taken = {.wall = *wall, .boot = *boot}};
    if (auto settings = parse_runner_settings(json::text(member("settings")))) {
        found.value->settings = *std::move(settings);
    }
    return found;
}

Result<Sourced<Inspection>> read_inspection(const platform::RootFs& root,
                                            const std::string& runner) {
    if (!is_instance(runner)) {
        return Error{Errc::absent, runner + ": no action can be named after it"};
    }
    const auto path = "run/paws-inspect/" + runner + ".json";
    const auto text = root.read(path, largest);
    if (!text) {
        return text.error();
    }
    auto parsed = parse_inspection(*text, runner);
    return parsed ? parsed : Error{parsed.error().code, "/" + path + ": " + parsed.error().what};
}

}  // namespace paws::collectors
