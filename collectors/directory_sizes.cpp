#include "collectors/directory_sizes.h"

#include "core/text.h"

#include <algorithm>
#include <set>
#include <utility>

namespace paws::collectors {

namespace {

using platform::Beneath;
using platform::BeneathUsage;
using platform::RunnerPart;

constexpr int intervals_worth_showing = 3;
constexpr std::size_t shortfall_limit_bytes = 512;

// Not there, or closed to the agent: what `files` says of the runner already.
bool is_ordinary(const Error& error) {
    return error.code == Errc::absent || error.code == Errc::denied;
}

// What the agent could not walk itself; all of it is as old as the older.
void add_inspected(Sourced<DirectoryBytes>& sizes, const Sourced<Inspection>& inspection) {
    if (!sizes.value) {
        sizes = {.value = inspection.value->directory_bytes, .taken = inspection.taken};
        return;
    }
    const auto own = sizes.value->size();
    sizes.value->insert(inspection.value->directory_bytes.begin(),
                        inspection.value->directory_bytes.end());
    if (sizes.value->size() > own && inspection.taken.boot < sizes.taken.boot) {
        sizes.taken = inspection.taken;
    }
}

// The work folder as `.runner` names it. Job code can write that file: an absolute folder counts
// only when it belongs to the owner of the runner's root, as config.sh makes it.
Result<Beneath> open_work(const platform::RunnerDirectories& directories, const Runner& runner) {
    const auto& files = *runner.files.value;
    const auto folder = files.settings ? files.settings->work_folder : std::string{};
    if (folder.empty() || folder == "_work") {
        return directories.open(runner.name, runner.root, RunnerPart::work);
    }
    if (!folder.starts_with('/')) {
        const auto root = directories.open(runner.name, runner.root, RunnerPart::root);
        return root ? root->directory(folder) : root;
    }
    auto work = Beneath::open(directories.fs(), folder);
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

void DirectorySizesCollector::add_part(Walk& walk, Result<Beneath> directory, Apart apart) {
    if (directory) {
        walk.parts.push_back(
            {apart.role, BeneathUsage{*std::move(directory), std::move(apart.directories)}});
    } else {
        walk.closed = walk.closed || directory.error().code == Errc::denied;
    }
}

DirectorySizesCollector::Walk DirectorySizesCollector::begin(const Runner& runner,
                                                             const Now& now) const {
    Walk walk;
    walk.runner = runner.name;
    walk.begun = now.boot;
    add_part(walk,
             directories_.open(runner.name, runner.root, RunnerPart::diag),
             {.role = "diag", .directories = {}});
    add_part(walk,
             open_work(directories_, runner),
             {.role = "work", .directories = {"_tool", "_update"}});
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
        } else {
            walk_->closed = walk_->closed || complete.error().code == Errc::denied;
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
    known.closed = walk_->closed;
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
    const auto longest = intervals_worth_showing * pace_.interval;
    std::map<std::string, Sourced<DirectoryBytes>> sizes;
    std::set<std::string> closed;
    for (const auto& [name, known] : known_) {
        if (known.ended && now.boot - *known.ended < longest) {
            sizes.emplace(name, known.sizes);
        }
        if (known.closed) {
            closed.insert(name);
        }
    }
    return [sizes = std::move(sizes), closed = std::move(closed), now, longest](Facts& draft) {
        for (auto& runner : draft.runners) {
            const auto found = sizes.find(runner.name);
            runner.directory_bytes =
                found == sizes.end() ? Sourced<DirectoryBytes>{} : found->second;
            runner.sizes_closed = closed.contains(runner.name);
            if (runner.sizes_closed && runner.inspection.value &&
                now.boot - runner.inspection.taken.boot < longest) {
                add_inspected(runner.directory_bytes, runner.inspection);
            }
        }
    };
}

}  // namespace paws::collectors
