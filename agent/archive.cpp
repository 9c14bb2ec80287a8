#include "agent/archive.h"

#include "core/utc.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace paws::agent {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto tidy_every = 10min;
constexpr std::size_t damaged_files_kept = 3;  // for whoever wants to know what damages them
constexpr std::string_view stamp_shape = "YYYYMMDDThhmmssZ";

// Of the damaged files beside `path` the newest stay, with their logs.
void forget_older_damage(const std::string& path) {
    const fs::path database{path};
    const auto prefix = database.filename().string() + ".corrupt-";
    std::map<std::string, std::vector<fs::path>> by_stamp;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator{database.parent_path(), failed}) {
        const auto name = entry.path().filename().string();
        if (name.starts_with(prefix)) {
            by_stamp[name.substr(prefix.size(), stamp_shape.size())].push_back(entry.path());
        }
    }
    while (by_stamp.size() > damaged_files_kept) {
        for (const auto& file : by_stamp.begin()->second) {
            fs::remove(file, failed);
        }
        by_stamp.erase(by_stamp.begin());
    }
}

}  // namespace

// A damaged file is met once: what is opened after it is new.
Result<StoreFile*> Archive::file(WallTime now) {
    for (int tries = 0; !file_; ++tries) {
        auto opened = StoreFile::open(path_, bounds_);
        if (opened) {
            begun_anew_ = opened->is_new();
            file_ = std::move(*opened);
            tidied_ = now;  // a first step right away would delay what is waited for
        } else if (opened.error().code == Errc::malformed && tries == 0) {
            set_aside(now);
        } else {
            return opened.error();
        }
    }
    return &*file_;
}

void Archive::set_aside(WallTime now) {
    file_.reset();
    const auto aside = path_ + ".corrupt-" + utc_text(now, stamp_shape);
    if (std::rename(path_.c_str(), aside.c_str()) != 0) {
        return;
    }
    ++corruptions_;
    for (const char* part : {"-wal", "-shm"}) {
        std::rename((path_ + part).c_str(), (aside + part).c_str());
    }
    forget_older_damage(path_);
}

// After a lock the file serves again; after everything else it is opened anew.
void Archive::take(const Error& failed, WallTime now) {
    if (failed.code == Errc::malformed) {
        set_aside(now);
    } else if (failed.code != Errc::timeout) {
        file_.reset();
    }
}

void Archive::tidy(WallTime now) {
    if (tidied_ && std::chrono::abs(now - *tidied_) < tidy_every) {
        return;
    }
    tidied_ = now;
    if (const auto done = file_->tidy(now); !done) {
        take(done.error(), now);
    }
}

Result<Kept> Archive::load(WallTime now) {
    const auto open = file(now);
    if (!open) {
        return open.error();
    }
    begun_anew_ = false;  // whoever loads knows what is there
    auto kept = (*open)->load();
    if (!kept) {
        take(kept.error(), now);
    }
    return kept;
}

// The file to save to. That none can be made is a failure, not a new beginning.
Result<StoreFile*> Archive::file_to_save(WallTime now) {
    auto open = file(now);
    if (!open && open.error().code == Errc::absent) {
        return Error{Errc::io, open.error().what};
    }
    return open;
}

Result<void> Archive::save(const Changes& changes, WallTime now) {
    const auto open = file_to_save(now);
    if (!open) {
        return open.error();
    }
    if (std::exchange(begun_anew_, false)) {
        return Error{Errc::absent, path_ + ": was begun anew"};
    }
    auto saved = (*open)->save(changes, now);
    if (!saved) {
        take(saved.error(), now);
        if (saved.error().code != Errc::absent) {
            return saved;
        }
        const auto next = file_to_save(now);
        begun_anew_ = false;  // this answer says so
        return next ? saved : next.error();
    }
    tidy(now);
    return saved;
}

Result<std::vector<RunnerJob>> Archive::jobs(const JobQuery& query, WallTime now) {
    const auto open = file(now);
    if (!open) {
        return open.error();
    }
    auto found = (*open)->jobs(query);
    if (!found) {
        take(found.error(), now);
    }
    return found;
}

Result<forwarder::Ledger::Kept> Archive::load_logs(WallTime now) {
    const auto open = file(now);
    if (!open) {
        if (open.error().code == Errc::unavailable) {
            logs_refused_ = open.error();
        }
        return open.error();
    }
    auto kept = (*open)->load_logs();
    if (!kept) {
        take(kept.error(), now);
    }
    return kept;
}

Result<void> Archive::save_logs(const LogSave& save, WallTime now) {
    auto saved = try_save_logs(save, now);
    const std::lock_guard lock{mutex_};
    logs_trouble_ = saved ? "" : saved.error().what;
    return saved;
}

std::string Archive::logs_trouble() const {
    const std::lock_guard lock{mutex_};
    return logs_trouble_;
}

Result<void> Archive::try_save_logs(const LogSave& save, WallTime now) {
    if (logs_refused_) {
        return *logs_refused_;
    }
    for (int tries = 0;; ++tries) {
        const auto open = file_to_save(now);
        if (!open) {
            return open.error();
        }
        auto saved = (*open)->save_logs(save);
        if (!saved) {
            take(saved.error(), now);
        }
        // A file that is gone leads to a new one.
        if (saved || saved.error().code != Errc::absent || tries > 0) {
            return saved;
        }
    }
}

}  // namespace paws::agent
