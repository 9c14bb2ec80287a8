#include "collectors/directory_sizes.h"

#include "core/text.h"

#include <algorithm>
#include <utility>

namespace paws::collectors {

namespace {

using platform::Beneath;
using platform::BeneathUsage;

constexpr int intervals_worth_showing = 3;
constexpr std::size_t shortfall_limit_bytes = 512;

// Not there, or closed to the agent: what `files` says of the runner already.
bool is_ordinary(const Error& error) {
    return error.code == Errc::absent || error.code == Errc::denied;
}

// The work folder as `.runner` names it. Job code can write that file: an absolute folder counts
// only when it belongs to the owner of the runner's root, as config.sh makes it.
Result<Beneath> open_work(const platform::RootFs& fs,
                          const Beneath& root,
                          const RunnerFiles& files) {
    const auto folder = files.settings ? files.settings->work_folder : std::string{};
    if (!folder.starts_with('/')) {
        return root.directory(folder.empty() ? "_work" : folder);
    }
    auto work = Beneath::open(fs, folder);
    const auto status = work ? work->status(".") : Result<platform::FileStatus>{work.error()};
    if (!status || status->uid != files.owner) {
        return Error{Errc::denied, folder + ": does not belong to the runner's user"};
    }
    return work;
}

}  // namespace

const Runner* DirectorySizesCollector::next_due(const Facts& seen, const Now& now) const {
    const Runner* next = nullptr;
    std::optional<BootTime> oldest;
    for (const auto& runner : seen.runners) {
        if (runner.root.empty() || !runner.files.value || !runner.files.value->owner) {
            continue;
        }
        const auto known = known_.find(runner.name);
        const auto ended = known == known_.end() ? std::nullopt : known->second.ended;
        const bool due = !ended || (now.boot > *ended && now.boot - *ended >= pace_.interval);
        if (due && (next == nullptr || ended < oldest)) {
            next = &runner;
            oldest = ended;
        }
    }
    return next;
}

DirectorySizesCollector::Walk DirectorySizesCollector::begin(const Runner& runner,
                                                             const Now& now) const {
    Walk walk;
    walk.runner = runner.name;
    walk.begun = now.boot;
    const auto root = Beneath::open(root_, runner.root);
    if (!root) {
        return walk;
    }
    if (auto diag = root->directory("_diag")) {
        walk.parts.push_back({"diag", BeneathUsage{*std::move(diag), {}}});
    }
    if (auto work = open_work(root_, *root, *runner.files.value)) {
        walk.parts.push_back({"work", BeneathUsage{*std::move(work), {"_tool", "_update"}}});
    }
    return walk;
}

// A part that cannot be walked to its end is left out: its role is absent.
bool DirectorySizesCollector::advance(std::size_t& entries) {
    while (!walk_->parts.empty()) {
        auto& [role, usage] = walk_->parts.back();
        const auto complete = usage.advance(entries, pace_.time);
        if (complete && !*complete) {
            return false;
        }
        if (complete) {
            walk_->found[role] = usage.bytes();
            for (const auto& [name, bytes] : usage.apart()) {
                walk_->found[name.substr(1)] = bytes;
            }
        } else if (!is_ordinary(complete.error())) {
            walk_->lacks = complete.error();
        }
        walk_->parts.pop_back();
    }
    return true;
}

void DirectorySizesCollector::give_up_when_late(const Now& now) {
    if (walk_ && now.boot - walk_->begun >= pace_.patience) {
        walk_->lacks =
            Error{Errc::timeout,
                  "its directories could not be walked in " +
                      std::to_string(pace_.patience.count()) + " minutes; their size is not known"};
        end(now);
    }
}

void DirectorySizesCollector::end(const Now& now) {
    auto& known = known_[walk_->runner];
    known.ended = now.boot;
    known.sizes = {.value = std::nullopt, .taken = now};
    if (!walk_->found.empty()) {
        known.sizes.value = std::move(walk_->found);
    }
    known.lacks = std::move(walk_->lacks);
    walk_.reset();
}

void DirectorySizesCollector::forget_others(const Facts& seen) {
    const auto root_of = [&](const std::string& name) -> std::string {
        const auto found = std::ranges::find(seen.runners, name, &Runner::name);
        return found == seen.runners.end() ? std::string{} : found->root;
    };
    std::erase_if(known_, [&](const auto& known) {
        const bool other = known.second.root != root_of(known.first);
        if (other && walk_ && walk_->runner == known.first) {
            walk_.reset();
        }
        return other;
    });
}

Result<Fill> DirectorySizesCollector::collect(const Facts& seen, const Now& now) {
    forget_others(seen);
    give_up_when_late(now);
    auto entries = pace_.entries;
    while (entries > 0) {
        if (!walk_) {
            const auto* next = next_due(seen, now);
            if (next == nullptr) {
                break;
            }
            known_[next->name].root = next->root;
            walk_ = begin(*next, now);
        }
        if (!advance(entries)) {
            break;
        }
        end(now);
    }
    return finished(now);
}

std::optional<Error> DirectorySizesCollector::shortfall() const {
    std::optional<Error> found;
    int others = 0;
    for (const auto& [name, known] : known_) {
        if (known.lacks && !found) {
            found = Error{known.lacks->code, name + ": " + known.lacks->what};
        } else if (known.lacks) {
            ++others;
        }
    }
    if (found) {
        found->what = printable(found->what, shortfall_limit_bytes) +
                      (others > 0 ? "; " + std::to_string(others) + " more like this" : "");
    }
    return found;
}

// A size whose next walk is that late would be shown as if it were new: it has none then.
Fill DirectorySizesCollector::finished(const Now& now) const {
    std::map<std::string, Sourced<DirectoryBytes>> sizes;
    for (const auto& [name, known] : known_) {
        if (known.ended && now.boot - *known.ended < intervals_worth_showing * pace_.interval) {
            sizes.emplace(name, known.sizes);
        }
    }
    return [sizes = std::move(sizes)](Facts& draft) {
        for (auto& runner : draft.runners) {
            const auto found = sizes.find(runner.name);
            runner.directory_bytes =
                found == sizes.end() ? Sourced<DirectoryBytes>{} : found->second;
        }
    };
}

}  // namespace paws::collectors
