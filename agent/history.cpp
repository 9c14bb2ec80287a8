#include "agent/history.h"

#include <algorithm>
#include <future>
#include <memory>

#include <boost/asio/post.hpp>

namespace paws::agent {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds shortest_between_saves = 1s;
constexpr std::chrono::nanoseconds longest_pause = 60s;
// Counters go on from any reading of the job's time; only peaks between the last and now are lost.
constexpr std::chrono::nanoseconds between_meters = 60s;
constexpr std::size_t most_unsaved_jobs = 10'000;
constexpr std::size_t jobs_of_one_save = 1'000;

bool is_for_good(const Error& error) {
    return error.code == Errc::unavailable;
}

// Of the jobs that run and were seen from their beginning.
Meters meters_of(const Judgement& judged) {
    Meters meters;
    for (const auto& [runner, meter] : judged.memories.jobs) {
        if (meter.running && meter.running->whole) {
            meters[runner] = {.last = meter.last, .running = meter.running, .ended = {}};
        }
    }
    return meters;
}

bool same_jobs(const Meters& left, const Meters& right) {
    return std::ranges::equal(left, right, [](const auto& one, const auto& other) {
        return one.first == other.first &&
               one.second.running->first_line == other.second.running->first_line &&
               one.second.running->name == other.second.running->name;
    });
}

}  // namespace

History::History(boost::asio::io_context& loop,
                 Clock clock,
                 const std::string& path,
                 House house,
                 StoreBounds bounds)
    : loop_{loop},
      clock_{std::move(clock)},
      house_{std::move(house)},
      bounds_{bounds},
      store_{path, bounds},
      timer_{loop} {}

void History::open(std::chrono::milliseconds patience) {
    const auto answer = std::make_shared<std::promise<Result<Kept>>>();
    auto future = answer->get_future();
    store_.ask(
        [answer, now = clock_().wall](Archive& archive) { answer->set_value(archive.load(now)); });
    if (future.wait_for(patience) == std::future_status::ready) {
        loaded(future.get());
    } else {
        error_ = "the database has not answered yet";
        load();
    }
}

void History::load() {
    asking_ = store_.ask([this, now = clock_().wall](Archive& archive) {
        boost::asio::post(loop_, [this, kept = archive.load(now)]() mutable {
            loaded(std::move(kept));
            if (known_) {
                house_.known();
            }
        });
    });
}

void History::loaded(Result<Kept> kept) {
    asking_ = false;
    tell_of_damage();
    if (kept) {
        know(std::move(*kept));
        return;
    }
    fail(kept.error());
    refused_ = is_for_good(kept.error());
    if (refused_ || kept.error().code == Errc::absent) {
        know({});  // there is nothing to go on from
        error_ = kept.error().what;
        return;
    }
    timer_.expires_after(pause_);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            load();
        }
    });
}

void History::know(Kept kept) {
    known_ = true;
    error_.clear();
    pause_ = {};
    stored_origin_ = kept.origin;
    origin_ = kept.origin ? kept.origin : origin_;
    stored_ = kept.tallies;
    tallies_ = std::move(kept.tallies);
    stored_meters_ = kept.meters;
    meters_ = std::move(kept.meters);
    if (wishes_version_ == stored_wishes_) {
        wishes_ = std::move(kept.wishes);
    }
}

std::optional<Tallies> History::tallies() const {
    if (!known_) {
        return std::nullopt;
    }
    Tallies all{.origin = origin_, .by_unit = {}};
    for (const auto& [runner, of] : tallies_) {
        all.by_unit.insert_or_assign(of.unit, of.tally);
    }
    return all;
}

void History::set_wishes(WishesByRunner wishes) {
    wishes_ = std::move(wishes);
    ++wishes_version_;
    plan();
}

void History::when_wishes_are_kept(std::function<void(Result<void>)> done) {
    waiting_.push_back(std::move(done));
    if (known_ && stored_wishes_ == wishes_version_) {
        tell_those_who_wait({});
    } else if (refused_ || pause_ > 0s) {
        tell_those_who_wait(Error{Errc::io, error_});
    }
}

void History::tell_those_who_wait(const Result<void>& result) {
    for (const auto& done : std::exchange(waiting_, {})) {
        done(result);
    }
}

void History::note(const Snapshot& snapshot) {
    origin_ = origin_ ? origin_ : snapshot.facts.journal_origin;
    for (const auto& judged : snapshot.judged.runners) {
        const auto runner = std::ranges::find(snapshot.facts.runners, judged.name, &Runner::name);
        if (runner != snapshot.facts.runners.end()) {
            note_runner(*runner, judged);
        }
    }
    forget_runners(snapshot);
    if (known_) {
        meters_ = meters_of(snapshot.judged);
    }
    plan();
}

History::JobKey History::key_of(const RunnerJob& ended) {
    const auto& job = ended.record.job;
    return {.last_line = job.last_line,
            .name = job.name,
            .identified = job.identity.has_value(),
            .waited = ended.record.usage.queue_seconds.has_value()};
}

void History::note_runner(const Runner& runner, const RunnerJudgement& judged) {
    const auto* log = runner.log.value ? &*runner.log.value : nullptr;
    if (known_ && log != nullptr && log->counters_known && !log->counted_to.empty()) {
        auto& of = tallies_[runner.name];
        // Counters change with one of these.
        if (of.unit != runner.unit || of.tally.counted_to != log->counted_to ||
            of.tally.given_up != log->given_up) {
            of = {.unit = runner.unit, .tally = tally_of(*log)};
        }
    }
    std::vector<JobKey> keys;
    auto& recorded = recorded_[runner.name];
    for (const auto& record : judged.finished) {
        RunnerJob ended{.runner = runner.name, .record = record};
        keys.push_back(key_of(ended));
        if (std::ranges::find(recorded, keys.back()) == recorded.end()) {
            jobs_.push_back(std::move(ended));
        }
    }
    recorded = std::move(keys);
    if (jobs_.size() > most_unsaved_jobs) {
        jobs_.erase(jobs_.begin(),
                    jobs_.begin() + static_cast<std::ptrdiff_t>(jobs_.size() - most_unsaved_jobs));
    }
}

// Of those that are gone no more are remembered here than in the store.
void History::forget_runners(const Snapshot& snapshot) {
    const auto is_here = [&](const std::string& name) {
        return std::ranges::find(snapshot.judged.runners, name, &RunnerJudgement::name) !=
               snapshot.judged.runners.end();
    };
    std::erase_if(recorded_, [&](const auto& one) { return !is_here(one.first); });
    for (auto one = tallies_.begin();
         one != tallies_.end() &&
         tallies_.size() > bounds_.runners + snapshot.judged.runners.size();) {
        const auto stored = stored_.find(one->first);
        const bool is_stored = stored != stored_.end() && stored->second == one->second;
        if (is_stored && !is_here(one->first)) {
            stored_.erase(stored);
            one = tallies_.erase(one);
        } else {
            ++one;
        }
    }
}

bool History::meters_are_due(BootTime now) const {
    return !same_jobs(meters_, stored_meters_) ||
           (!meters_.empty() && now - meters_stored_at_ >= between_meters);
}

Changes History::unsaved(BootTime now) const {
    Changes changes;
    if (origin_ != stored_origin_) {
        changes.origin = origin_;
    }
    for (const auto& [runner, of] : tallies_) {
        const auto stored = stored_.find(runner);
        if (stored == stored_.end() || stored->second != of) {
            changes.tallies.emplace(runner, of);
        }
    }
    const auto count = std::min(jobs_.size(), jobs_of_one_save);
    changes.jobs.assign(jobs_.begin(), jobs_.begin() + static_cast<std::ptrdiff_t>(count));
    if (stored_wishes_ != wishes_version_) {
        changes.wishes = wishes_;
    }
    if (meters_are_due(now)) {
        changes.meters = meters_;
    }
    return changes;
}

void History::plan() {
    if (!known_ || refused_ || asking_) {
        return;
    }
    const auto now = clock_().boot;
    const bool wishes_wait = stored_wishes_ != wishes_version_;
    const auto wait = wishes_wait ? pause_ : std::max(shortest_between_saves, pause_);
    if (!saved_at_ || now - *saved_at_ >= wait) {
        save();
        return;
    }
    timer_.expires_after(wait - (now - *saved_at_));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled && !asking_) {
            save();
        }
    });
}

void History::save() {
    const auto now = clock_();
    auto changes = unsaved(now.boot);
    if (changes.empty()) {
        return;
    }
    saved_at_ = now.boot;
    asked_ = changes;
    asked_wishes_ = wishes_version_;
    asking_ = store_.ask([this, changes = std::move(changes), now](Archive& archive) {
        const auto begun = std::chrono::steady_clock::now();
        auto result = archive.save(changes, now.wall);
        const auto took = std::chrono::steady_clock::now() - begun;
        boost::asio::post(loop_, [this, result = std::move(result), took] { saved(result, took); });
    });
}

void History::saved(const Result<void>& result, std::chrono::nanoseconds took) {
    asking_ = false;
    took_ = took;
    tell_of_damage();
    if (result) {
        acknowledge();
    } else if (result.error().code == Errc::absent) {
        begin_anew();
    } else {
        fail(result.error());
        refused_ = is_for_good(result.error());
    }
    plan();
}

void History::acknowledge() {
    error_.clear();
    pause_ = {};
    if (asked_.origin) {
        stored_origin_ = asked_.origin;
    }
    for (const auto& [runner, of] : asked_.tallies) {
        stored_.insert_or_assign(runner, of);
    }
    const auto was_asked = [&](const RunnerJob& job) {
        return std::ranges::any_of(asked_.jobs, [&](const RunnerJob& asked) {
            return asked.runner == job.runner && key_of(asked) == key_of(job);
        });
    };
    jobs_.erase(jobs_.begin(), std::ranges::find_if_not(jobs_, was_asked));
    if (asked_.wishes) {
        stored_wishes_ = asked_wishes_;
    }
    if (asked_.meters) {
        stored_meters_ = std::move(*asked_.meters);
        meters_stored_at_ = *saved_at_;
    }
    if (stored_wishes_ == wishes_version_) {
        tell_those_who_wait({});
    }
    asked_ = {};
}

// The file is gone, with all that was in it: counters are known here and are written again, jobs
// only those that runners still remember.
void History::begin_anew() {
    house_.warn("the database was removed or damaged; it is begun anew without earlier jobs");
    stored_origin_.reset();
    stored_.clear();
    recorded_.clear();
    stored_meters_.clear();
    ++wishes_version_;
    saved_at_.reset();
}

void History::tell_of_damage() {
    const auto corruptions = store_.corruptions();
    if (std::exchange(told_corruptions_, corruptions) != corruptions) {
        house_.warn("the database was damaged; it is set aside beside itself as *.corrupt-TIME");
    }
}

void History::fail(const Error& error) {
    error_ = error.what;
    pause_ = std::clamp(pause_ * 2, shortest_between_saves, longest_pause);
    tell_those_who_wait(error);
}

CollectorReport History::report() const {
    const auto error = error_.empty() ? store_.logs_trouble() : error_;
    return {.name = "store", .success = error.empty(), .duration = took_, .error = error};
}

void History::jobs(JobQuery query, std::function<void(Jobs)> done) {
    const auto shared = std::make_shared<std::function<void(Jobs)>>(std::move(done));
    const bool asked = store_.ask([query = std::move(query), shared, now = clock_().wall](
                                      Archive& archive) { (*shared)(archive.jobs(query, now)); });
    if (!asked) {
        (*shared)(Error{Errc::timeout, "the database is too busy; ask again"});
    }
}

History::Jobs History::wait_for_jobs(const JobQuery& query, std::chrono::milliseconds patience) {
    const auto answer = std::make_shared<std::promise<Jobs>>();
    auto future = answer->get_future();
    jobs(query, [answer](Jobs found) { answer->set_value(std::move(found)); });
    if (future.wait_for(patience) != std::future_status::ready) {
        return Error{Errc::timeout, "the database does not answer; ask again"};
    }
    return future.get();
}

bool History::end(std::chrono::milliseconds patience) {
    if (known_ && !refused_) {
        const auto now = clock_();
        auto changes = unsaved(now.boot);
        if (!meters_.empty()) {
            changes.meters = meters_;
        }
        if (!changes.empty()) {
            store_.ask([changes = std::move(changes), now = now.wall](Archive& archive) {
                const auto saved = archive.save(changes, now);
                if (!saved && saved.error().code == Errc::absent) {
                    static_cast<void>(archive.save(changes, now).has_value());
                }
            });
        }
    }
    return store_.end(patience);
}

}  // namespace paws::agent
