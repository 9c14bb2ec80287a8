// Renewed: a thing that is made of files, and anew when they change: replaced, moved or led
// elsewhere by a symlink, as whoever renews certificates does. While they are faulty the one before
// stays in force, and so it does while they do not answer (a dead mount): a thread of its own looks
// at them, and who asks waits for it a moment at most. Safe for concurrent use.

#pragma once

#include "core/result.h"
#include "core/time.h"
#include "platform/file_version.h"
#include "platform/straggler.h"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace paws::agent {

template <class T>
class Renewed {
public:
    using Made = Result<std::shared_ptr<const T>>;

    struct House {
        std::string name;  // of the thread, and of what does not answer
        std::vector<std::string> files;
        std::function<Made()> make;             // owns what it uses, for it may never come back
        std::function<void(const Made&)> tell;  // of each change, once
    };

    explicit Renewed(House house)
        : tell_{std::move(house.tell)},
          looker_{std::make_shared<Looker>(std::move(house.files), std::move(house.make))},
          looks_{house.name, [looker = looker_] { return looker->look(); }} {}

    // At the start, when there is none before. Not told. Errc::timeout when the files do not answer
    // within `longest`, or change all the while.
    Result<void> begin(std::chrono::milliseconds longest) {
        const auto deadline = platform::deadline_in(longest);
        const std::lock_guard lock{mutex_};
        auto look = looks_.ask(deadline);
        while (look && !look->made) {
            look = looks_.ask(deadline);
        }
        if (!look) {
            return look.error();
        }
        if (!*look->made) {
            return look->made->error();
        }
        looker_->judged = std::move(look->seen);
        value_ = **look->made;
        return {};
    }

    std::shared_ptr<const T> current(BootTime now) {
        const std::lock_guard lock{mutex_};
        renew(now);
        return value_;
    }

    // Whether it is of the files as they are.
    bool good(BootTime now) {
        const std::lock_guard lock{mutex_};
        renew(now);
        return good_ && !missed_.told;
    }

private:
    using Seen = std::vector<std::optional<platform::FileVersion>>;

    struct Look {
        Seen seen;
        std::optional<Made> made;  // absent: nothing has changed, or it changes right now
    };

    // Used by one thread at a time: by the straggler's while it is asked, else by who holds the
    // mutex.
    struct Looker {
        std::vector<std::string> files;
        std::function<Made()> make;
        Seen judged;

        Looker(std::vector<std::string> its_files, std::function<Made()> its_make)
            : files{std::move(its_files)}, make{std::move(its_make)} {}

        Seen versions() const {
            Seen seen;
            for (const auto& file : files) {
                const auto version = platform::file_version(file);
                seen.push_back(version ? std::optional{*version} : std::nullopt);
            }
            return seen;
        }

        Result<Look> look() const {
            Look look{.seen = versions(), .made = std::nullopt};
            if (look.seen != judged) {
                auto made = make();
                if (versions() == look.seen) {  // else the next look sees what became of it
                    look.made = std::move(made);
                }
            }
            return look;
        }
    };

    struct Suspicion {
        Seen seen;
        BootTime since;
    };
    struct Missed {
        std::optional<BootTime> since;  // no look has come back
        bool told = false;
    };

    // Files that go together are seldom replaced at one moment, and some not even each at one.
    static constexpr std::chrono::seconds patience{2};
    // For one look. It costs this once: who asks while it is still out is not kept.
    static constexpr std::chrono::milliseconds moment{500};

    void renew(BootTime now) {
        auto look = looks_.ask(platform::deadline_in(moment));
        if (!look) {
            miss(look.error(), now);
            return;
        }
        missed_ = {};
        if (!look->made || (!*look->made && !is_lasting(look->seen, now))) {
            return;
        }
        const auto& made = *look->made;
        good_ = made.has_value();
        if (good_) {
            value_ = *made;
        }
        looker_->judged = std::move(look->seen);
        suspicion_.reset();
        tell_(made);
    }

    void miss(const Error& why, BootTime now) {
        if (!missed_.since) {
            missed_.since = now;
        }
        if (!missed_.told && now - *missed_.since >= patience) {
            missed_.told = true;
            tell_(why);
        }
    }

    bool is_lasting(const Seen& seen, BootTime now) {
        if (!suspicion_ || suspicion_->seen != seen) {
            suspicion_ = Suspicion{.seen = seen, .since = now};
        }
        return now - suspicion_->since >= patience;
    }

    std::function<void(const Made&)> tell_;
    std::mutex mutex_;
    std::shared_ptr<Looker> looker_;
    platform::Straggler<Look> looks_;
    std::shared_ptr<const T> value_;
    std::optional<Suspicion> suspicion_;
    Missed missed_;
    bool good_ = true;
};

}  // namespace paws::agent
