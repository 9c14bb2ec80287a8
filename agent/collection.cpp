#include "agent/collection.h"

#include "core/duration.h"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include <boost/asio/post.hpp>

namespace paws::agent {

using collectors::Stage;

Collection::Collection(boost::asio::io_context& loop, Clock clock, std::function<void()> stirred)
    : loop_{loop}, deadline_{loop}, clock_{std::move(clock)}, stirred_{std::move(stirred)} {}

Collection::~Collection() {
    for (auto& host : hosts_) {
        host.probe->release();
    }
}

void Collection::use(std::vector<ConfiguredSource> sources) {
    next_sources_ = std::move(sources);
}

Collection::Host& Collection::host_named(std::string_view name) {
    const auto found =
        std::ranges::find_if(hosts_, [&](const Host& host) { return host.probe->name() == name; });
    if (found != hosts_.end()) {
        return *found;
    }
    auto stirred = [this] { boost::asio::post(loop_, stirred_); };
    hosts_.push_back({.probe = std::make_unique<Probe>(
                          std::string{name}, Collectors{}, clock_, std::move(stirred)),
                      .entries = {},
                      .asked = false});
    return hosts_.back();
}

// A host that has lost all its collectors stays: its thread may hang, and one per source is enough.
void Collection::take_over() {
    std::map<std::string, Collectors, std::less<>> by_probe;
    for (auto& host : hosts_) {
        host.entries.clear();
        by_probe[host.probe->name()];
    }
    reports_.clear();
    auto sources = std::exchange(next_sources_, std::nullopt).value();
    for (auto& [source, deadline] : sources) {
        const std::string name{source.collector->name()};
        host_named(source.probe)
            .entries.push_back({.name = name,
                                .stage = source.collector->stage(),
                                .deadline = deadline,
                                .report = reports_.size()});
        reports_.push_back({.name = name, .success = true, .duration = {}, .error = ""});
        by_probe[std::string{source.probe}].push_back(std::move(source.collector));
    }
    for (auto& [name, list] : by_probe) {
        host_named(name).probe->replace(std::move(list));
    }
}

void Collection::look(Facts before, std::function<void(Look)> done) {
    done_ = std::move(done);
    const bool other_sources = next_sources_.has_value();
    if (other_sources) {
        take_over();
    }
    draft_ = std::make_shared<Facts>(other_sources ? Facts{} : std::move(before));
    for (auto& host : hosts_) {
        apply(host,
              host.probe->take());  // what came too late last time is better than what is older
    }
    begin(Stage::hosts);
}

void Collection::begin(Stage stage) {
    stage_ = stage;
    const auto number = ++round_number_;
    round_ = std::make_shared<Round>();
    round_->number = number;
    round_->unanswered = 1;  // ours, until all are asked
    round_->complete = [this, number] {
        boost::asio::post(loop_, [this, number] { finish_stage(number); });
    };
    begun_ = boost::asio::steady_timer::clock_type::now();
    for (auto& host : hosts_) {
        host.asked = ask(host);
    }
    if (round_->unanswered.fetch_sub(1) == 1) {
        finish_stage(number);
    } else {
        await_deadline({});
    }
}

// The stage waits as long as the most patient of those who have not answered; who has is asked for
// at each deadline after `passed`.
void Collection::await_deadline(std::chrono::nanoseconds passed) {
    std::optional<std::chrono::nanoseconds> next;
    for (const auto& host : hosts_) {
        for (const auto& entry : host.entries) {
            const bool waited_for = host.asked && entry.stage == stage_ && entry.deadline > passed;
            if (waited_for && (!next || entry.deadline < *next) && host.probe->answering()) {
                next = entry.deadline;
            }
        }
    }
    if (!next) {
        finish_stage(round_number_);
        return;
    }
    deadline_.expires_at(begun_ + *next);
    deadline_.async_wait(
        [this, number = round_number_, next](const boost::system::error_code& cancelled) {
            if (!cancelled && number == round_number_ && round_) {
                await_deadline(*next);
            }
        });
}

bool Collection::ask(Host& host) {
    if (std::ranges::none_of(host.entries,
                             [&](const Entry& entry) { return entry.stage == stage_; })) {
        return false;
    }
    const auto asked = host.probe->ask({.stage = stage_, .seen = draft_, .round = round_});
    if (!asked && asked.error().code == Errc::timeout) {
        report_silence(host);
    } else if (!asked) {
        for (const auto& entry : host.entries) {
            reports_[entry.report].success = false;
            reports_[entry.report].error = asked.error().what;
        }
    }
    return asked.has_value();
}

void Collection::finish_stage(std::uint64_t round_number) {
    if (round_number != round_number_ || !round_) {
        return;
    }
    deadline_.cancel();
    round_.reset();
    std::vector<Taken> taken;
    bool left_behind = false;
    for (const auto& host : hosts_) {
        taken.push_back(host.probe->take());
        left_behind = left_behind || (host.asked && taken.back().answering);
    }
    if (left_behind) {
        draft_ = std::make_shared<Facts>(*draft_);  // it may still be reading the old one
    }
    for (std::size_t at = 0; at < hosts_.size(); ++at) {
        if (hosts_[at].asked && taken[at].answering) {
            report_silence(hosts_[at]);
        }
        apply(hosts_[at], std::move(taken[at]));
    }
    if (stage_ == Stage::runners) {
        finish();
    } else if (had_runners_ || !draft_->runners.empty()) {
        begin(Stage::runners);
    } else {
        report_nothing_to_do();
        finish();
    }
}

// A late answer fills in its facts with the age they have, but it is no success of this look.
void Collection::apply(const Host& host, Taken taken) {
    for (auto& answer : taken.answers) {
        CollectorReport ignored;
        auto& report = answer.round != round_number_
                           ? ignored
                           : reports_[host.entries.at(answer.collector).report];
        report.duration = answer.duration;
        report.success = answer.fill || answer.fill.error().code == Errc::absent;
        report.error = report.success ? "" : answer.fill.error().what;
        if (!answer.fill) {
            continue;
        }
        if (answer.shortfall) {
            report.success = false;
            report.error = answer.shortfall->what;
        }
        try {
            (*answer.fill)(*draft_);
        } catch (const std::exception& bug) {
            report.success = false;
            report.error = std::string{"a bug in the collector: "} + bug.what();
        }
    }
}

void Collection::report_silence(const Host& host) {
    const auto current = host.probe->current();
    for (const auto& entry : host.entries) {
        if (entry.stage == stage_) {
            auto& report = reports_[entry.report];
            report.success = false;
            report.error = "missed its deadline of " + duration_text(entry.deadline) +
                           ", still waiting for " + current;
        }
    }
}

void Collection::report_nothing_to_do() {
    for (const auto& host : hosts_) {
        for (const auto& entry : host.entries) {
            if (entry.stage == Stage::runners && !host.probe->answering()) {
                reports_[entry.report].success = true;
                reports_[entry.report].error.clear();
            }
        }
    }
}

void Collection::finish() {
    had_runners_ = !draft_->runners.empty();
    Look look{.facts = std::move(*draft_), .collectors = reports_};
    draft_.reset();
    std::exchange(done_, nullptr)(std::move(look));
}

bool Collection::end(std::chrono::milliseconds patience) {
    for (auto& host : hosts_) {
        host.probe->release();
    }
    const auto deadline = std::chrono::steady_clock::now() + patience;
    return std::ranges::all_of(hosts_,
                               [&](const Host& host) { return host.probe->ended_by(deadline); });
}

}  // namespace paws::agent
