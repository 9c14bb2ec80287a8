#include "actions/runner_place.h"

#include "core/runner_unit.h"
#include "core/text.h"
#include "platform/peer.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include <sys/stat.h>

namespace paws::actions {

namespace {

using platform::Beneath;
using platform::FileKind;
using platform::FileStatus;

// Where the administrator and packages put units; what other places hold is made by programs.
constexpr std::array<std::string_view, 3> unit_directories{
    "/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};

std::string property(const platform::SystemdBus::Properties& properties, std::string_view name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string{} : found->second;
}

bool is_clean_path(std::string_view path) {
    return path.starts_with('/') && path.find('\n') == std::string_view::npos &&
           std::ranges::none_of(std::filesystem::path{path},
                                [](const auto& part) { return part == ".." || part == "."; });
}

// svc.sh makes its unit file 0664, of root and root's group.
bool only_root_writes(const FileStatus& status) {
    return status.uid == 0 && (status.mode & unsigned{S_IWOTH}) == 0 &&
           ((status.mode & unsigned{S_IWGRP}) == 0 || status.gid == 0);
}

Result<Beneath> open_exactly(const platform::RootFs& fs, std::string_view path) {
    const auto top = Beneath::open(fs, "/");
    if (!top) {
        return top.error();
    }
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    return path.empty() ? top : top->directory(path);
}

Result<void> check_root_owned(const Beneath& directory, std::string_view name) {
    const auto status = directory.status(name);
    if (!status) {
        return status.error();
    }
    if (!only_root_writes(*status)) {
        return Error{Errc::denied,
                     directory.path() + (name == "." ? "" : "/" + std::string{name}) +
                         ": others than root may write to it"};
    }
    return {};
}

bool is_regular(const Beneath& root, std::string_view path) {
    const auto status = root.status(path);
    return status && status->kind == FileKind::regular;
}

Result<std::uint32_t> owner_of(const std::string& user, const UserId& user_id) {
    if (user.empty()) {
        return std::uint32_t{0};
    }
    if (const auto number = parse_integer<std::uint32_t>(user)) {
        return *number;
    }
    const auto found = user_id(user);
    return found ? Result<std::uint32_t>{*found}
                 : Error{Errc::absent, "User=" + printable(user) + ": there is no such user"};
}

}  // namespace

Result<UnitPlace> place_of(const platform::SystemdBus::Properties& properties) {
    const auto loaded = property(properties, "LoadState");
    if (loaded != "loaded") {
        return Error{Errc::absent, "its unit is " + (loaded.empty() ? "not there" : loaded)};
    }
    if (property(properties, "Transient") != "no") {
        return Error{Errc::denied, "its unit is transient: a runner's comes from a file"};
    }
    UnitPlace place{.fragment = property(properties, "FragmentPath"),
                    .root = runner_root(property(properties, "WorkingDirectory"),
                                        property(properties, "ExecStart")),
                    .user = property(properties, "User"),
                    .control_group = property(properties, "ControlGroup")};
    const auto directory = std::filesystem::path{place.fragment}.parent_path().string();
    if (std::ranges::find(unit_directories, directory) == unit_directories.end()) {
        return Error{Errc::denied,
                     "its unit file " + printable(place.fragment) +
                         " is neither in /etc/systemd/system nor in /usr/lib/systemd/system"};
    }
    if (!is_clean_path(place.root)) {
        return Error{Errc::malformed, "its unit names no directory of a runner"};
    }
    return place;
}

Result<void> check_unit_file(const platform::RootFs& fs, const std::string& fragment) {
    const std::filesystem::path path{fragment};
    // /lib is a link to /usr/lib where /usr is merged: the directory is root's word.
    const auto directory = Beneath::open(fs, path.parent_path().string());
    if (!directory) {
        return directory.error();
    }
    const auto name = path.filename().string();
    if (!is_regular(*directory, name)) {
        return Error{Errc::denied, fragment + ": is not a regular file"};
    }
    auto checked = check_root_owned(*directory, ".");
    return checked ? check_root_owned(*directory, name) : checked;
}

Result<RunnerPlace> open_place(const platform::RootFs& fs,
                               const std::string& runner,
                               const UnitPlace& said,
                               const UserId& user_id) {
    const auto owner = owner_of(said.user, user_id);
    if (!owner) {
        return owner.error();
    }
    auto root = open_exactly(fs, said.root);
    if (!root) {
        return Error{root.error().code,
                     "/" + root.error().what + "; name its real path in WorkingDirectory="};
    }
    const auto status = root->status(".");
    if (!status || status->uid != *owner) {
        return status ? Error{Errc::denied,
                              said.root + ": does not belong to the unit's user " +
                                  printable(said.user.empty() ? "root" : said.user)}
                      : status.error();
    }
    if (!is_regular(*root, ".runner") && !is_regular(*root, "bin/Runner.Listener")) {
        return Error{Errc::malformed,
                     said.root +
                         ": is no runner: neither .runner nor bin/Runner.Listener is "
                         "a regular file there"};
    }
    return RunnerPlace{.runner = runner,
                       .unit = runner_unit(runner),
                       .root = said.root,
                       .owner = *owner,
                       .control_group = said.control_group,
                       .directory = *std::move(root)};
}

Result<RunnerPlace> find_runner(const std::string& runner) {
    if (!is_instance(runner)) {
        return Error{Errc::malformed, printable(runner) + ": is no name of a runner"};
    }
    auto bus = platform::SystemdBus::connect("", std::chrono::seconds{5});
    if (!bus) {
        return bus.error();
    }
    const auto properties = bus->show(runner_unit(runner), place_properties);
    const auto fs = platform::RootFs::open("/");
    if (!properties || !fs) {
        return properties ? fs.error() : properties.error();
    }
    const auto said = place_of(*properties);
    if (!said) {
        return Error{said.error().code, runner_unit(runner) + ": " + said.error().what};
    }
    if (const auto checked = check_unit_file(*fs, said->fragment); !checked) {
        return checked.error();
    }
    return open_place(*fs, runner, *said, platform::user_id);
}

Result<Beneath> own_directory(const RunnerPlace& place, const std::string& name) {
    auto directory = place.directory.directory(name);
    const auto status = directory ? directory->status(".") : directory.error();
    if (status && status->uid != place.owner) {
        return Error{Errc::denied, directory->path() + ": does not belong to the runner's user"};
    }
    return status ? directory : Result<Beneath>{status.error()};
}

}  // namespace paws::actions
