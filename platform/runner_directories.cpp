#include "platform/runner_directories.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace paws::platform {

namespace {

struct PartName {
    RunnerPart part;
    std::string_view word;
    std::string_view directory;
};

constexpr std::array parts{PartName{RunnerPart::root, "root", ""},
                           PartName{RunnerPart::diag, "diag", "_diag"},
                           PartName{RunnerPart::work, "work", "_work"}};

const PartName& name_of(RunnerPart part) {
    return parts.at(static_cast<std::size_t>(part));
}

}  // namespace

std::string_view to_string(RunnerPart part) {
    return name_of(part).word;
}

std::optional<RunnerPart> runner_part(std::string_view word) {
    const auto* const found = std::ranges::find(parts, word, &PartName::word);
    return found == parts.end() ? std::nullopt : std::optional{found->part};
}

std::string part_path(const std::string& root, RunnerPart part) {
    const auto path = (std::filesystem::path{root} / name_of(part).directory).lexically_normal();
    auto text = path.string();
    if (text.size() > 1 && text.ends_with('/')) {
        text.pop_back();
    }
    return text;
}

bool may_be_at(std::string_view shown, std::string_view wanted) {
    return shown == "/" || (shown.starts_with('/') && wanted.ends_with(shown));
}

void HandedOver::put(const std::string& runner, RunnerPart part, UniqueFd directory) {
    const std::lock_guard lock{mutex_};
    directories_[{runner, part}] = std::make_shared<const UniqueFd>(std::move(directory));
}

void HandedOver::drop(const std::string& runner) {
    const std::lock_guard lock{mutex_};
    std::erase_if(directories_, [&](const auto& one) { return one.first.first == runner; });
}

std::vector<std::string> HandedOver::runners() const {
    const std::lock_guard lock{mutex_};
    std::vector<std::string> names;
    for (const auto& [key, directory] : directories_) {
        if (names.empty() || names.back() != key.first) {
            names.push_back(key.first);
        }
    }
    return names;
}

std::optional<Beneath> HandedOver::find(const std::string& runner,
                                        RunnerPart part,
                                        const std::string& path) const {
    std::shared_ptr<const UniqueFd> directory;
    {
        const std::lock_guard lock{mutex_};
        const auto found = directories_.find({runner, part});
        if (found == directories_.end()) {
            return std::nullopt;
        }
        directory = found->second;
    }
    auto opened = Beneath::of(path, std::move(directory));
    const auto shown = opened.real_path();
    return shown && may_be_at(*shown, path) ? std::optional{std::move(opened)} : std::nullopt;
}

std::vector<std::shared_ptr<const UniqueFd>> HandedOver::all() const {
    const std::lock_guard lock{mutex_};
    std::vector<std::shared_ptr<const UniqueFd>> directories;
    for (const auto& [key, directory] : directories_) {
        directories.push_back(directory);
    }
    return directories;
}

std::optional<FilesystemUsage> HandedOver::space_on(std::string_view device) const {
    for (auto& directory : all()) {
        struct stat found {};
        if (::fstat(directory->get(), &found) != 0 ||
            std::to_string(major(found.st_dev)) + ":" + std::to_string(minor(found.st_dev)) !=
                device) {
            continue;
        }
        if (const auto space = Beneath::of("", std::move(directory)).space()) {
            return *space;
        }
    }
    return std::nullopt;
}

Result<Beneath> RunnerDirectories::by_path(const std::string& root, RunnerPart part) const {
    auto opened = Beneath::open(root_, root);
    if (!opened || part == RunnerPart::root) {
        return opened;
    }
    return opened->directory(name_of(part).directory);
}

Result<Beneath> RunnerDirectories::open(const std::string& runner,
                                        const std::string& root,
                                        RunnerPart part) const {
    auto opened = by_path(root, part);
    if (opened || opened.error().code != Errc::denied || !handed_) {
        return opened;
    }
    const auto place = root_.path() + "/" + root;
    if (auto handed = handed_->find(runner, part, part_path(place, part))) {
        return *std::move(handed);
    }
    const auto whole = handed_->find(runner, RunnerPart::root, part_path(place, RunnerPart::root));
    return whole && part != RunnerPart::root ? whole->directory(name_of(part).directory) : opened;
}

}  // namespace paws::platform
