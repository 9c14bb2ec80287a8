#include "collectors/runner_install.h"

#include <cstddef>

namespace paws::collectors {

namespace {

using platform::Beneath;
using platform::FileKind;

constexpr std::size_t script_limit = std::size_t{64} << 10U;
constexpr std::uint64_t most_pages = 1'000;

enum class Presence { there, missing, unknown };

Presence look_for(const Beneath& root, const std::string& path) {
    const auto status = root.status(path);
    if (status) {
        return status->kind == FileKind::regular && status->size_bytes > 0 ? Presence::there
                                                                           : Presence::missing;
    }
    return status.error().code == Errc::absent ? Presence::missing : Presence::unknown;
}

// After the first update `bin` and `externals` are links to "NAME.VERSION" beside them.
std::string behind_link(const Beneath& root, const std::string& name) {
    const auto link = root.read_link(name);
    if (!link) {
        return name;
    }
    const auto slash = link->rfind('/');
    const auto target = slash == std::string::npos ? *link : link->substr(slash + 1);
    return target.starts_with(name + ".") ? target : std::string{};
}

std::string missing_program(const Beneath& root, const std::string& tree, const std::string& path) {
    const auto directory = behind_link(root, tree);
    const bool gone =
        directory.empty() || look_for(root, directory + "/" + path) == Presence::missing;
    return gone ? tree + "/" + path + " is missing or empty" : std::string{};
}

}  // namespace

std::string_view node_of_script(std::string_view script) {
    static constexpr std::string_view before = "externals/";
    static constexpr std::string_view after = "/bin/node";
    const auto begin = script.find(before);
    if (begin == std::string_view::npos) {
        return {};
    }
    auto rest = script.substr(begin + before.size());
    const auto end = rest.find(after);
    const auto name = rest.substr(0, end == std::string_view::npos ? 0 : end);
    const bool plain = name.size() <= 32 && name.find_first_not_of(
                                                "abcdefghijklmnopqrstuvwxyz"
                                                "0123456789_.-") == std::string_view::npos;
    return plain && name != ".." ? name : std::string_view{};
}

std::string start_fault(const Beneath& root) {
    // Only `svc.sh install` makes a service of it, and leaves both files.
    if (look_for(root, ".service") != Presence::there) {
        return {};
    }
    const auto script = root.read("runsvc.sh", script_limit);
    if (!script) {
        return script.error().code == Errc::absent ? "runsvc.sh is missing" : std::string{};
    }
    if (script->empty()) {
        return "runsvc.sh is empty";
    }
    if (auto fault = missing_program(root, "bin", "Runner.Listener"); !fault.empty()) {
        return fault;
    }
    const auto node = node_of_script(*script);
    return node.empty() ? std::string{}
                        : missing_program(root, "externals", std::string{node} + "/bin/node");
}

std::optional<std::uint64_t> count_diag_pages(const Beneath& root) {
    const auto pages = root.directory("_diag/pages");
    if (!pages) {
        return pages.error().code == Errc::absent ? std::optional<std::uint64_t>{0} : std::nullopt;
    }
    const auto names = pages->list(most_pages);
    if (!names) {
        return names.error().code == Errc::malformed ? std::optional{most_pages} : std::nullopt;
    }
    return names->size();
}

}  // namespace paws::collectors
