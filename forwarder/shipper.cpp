#include "forwarder/shipper.h"

#include "forwarder/keeper.h"
#include "forwarder/pump.h"
#include "platform/straggler.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace paws::forwarder {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto between_loads = 5s;

// What nobody expects ends the agent, loudly: it goes on from the kept place when it is started
// again.
void or_end(const std::exception_ptr& failed) {
    if (failed) {
        std::rethrow_exception(failed);
    }
}

}  // namespace

// Shared with the thread, which outlives the shipper when it hangs in the kernel.
struct Shipper::State : std::enable_shared_from_this<State> {
    // What is made of the options, and may fail.
    struct Made {
        platform::HttpUrl base;
        platform::RunnerDirectories directories;
        Redactor redactor;
    };

    State(ShipperOptions given, Made made, Ledger& kept_by, House given_house);

    void run();
    void load();
    void loaded(Result<Ledger::Kept> kept);
    void begin(Ledger::Kept kept);
    void take(std::shared_ptr<const Roster> news);
    asio::awaitable<void> try_out();

    ShipperOptions options;
    Ledger& ledger;
    House house;
    std::function<Now()> now;
    asio::io_context loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
    asio::steady_timer retry{loop};
    Board board;
    Audience audience;
    Intake intake;
    JournalSource journal;
    TraceSource traces;
    LokiClient loki;
    LokiClient loki_of_trials;
    Trials trials;
    Delivery delivery;
    Keeper keeper;
    std::optional<Pump> pump;
    std::shared_ptr<const Roster> roster;
    std::vector<RunnerJob> earlier_jobs;

    std::mutex mutex;
    std::condition_variable stirred;
    bool ended = false;
};

Shipper::State::State(ShipperOptions given, Made made, Ledger& kept_by, House given_house)
    : options{std::move(given)},
      ledger{kept_by},
      house{std::move(given_house)},
      now{house.now},
      board{options.loki.url},
      intake{Streams{options.labels}, std::move(made.redactor)},
      journal{intake, options.journal, options.filter, options.reading},
      traces{intake, std::move(made.directories)},
      loki{loop, options.loki, made.base},
      loki_of_trials{loop, options.loki, std::move(made.base)},
      delivery{loop, loki, intake.streams(), board, now, options.patience},
      keeper{loop, ledger, board} {
    delivery.set_metadata(options.metadata);
}

void Shipper::State::run() {
    keeper.set_owner(weak_from_this());
    load();
    loop.run();
    pump.reset();
    journal.close();
    const std::lock_guard lock{mutex};
    ended = true;
    stirred.notify_all();
}

// Without knowing how far it had come nothing is shipped: that would be all of it again, or none.
void Shipper::State::load() {
    ledger.load([owner = weak_from_this()](Result<Ledger::Kept> kept) {
        if (const auto self = owner.lock()) {  // the loop goes with it, and what is posted to it
            asio::post(self->loop, [state = self.get(), kept = std::move(kept)]() mutable {
                state->loaded(std::move(kept));
            });
        }
    });
}

void Shipper::State::loaded(Result<Ledger::Kept> kept) {
    if (kept || kept.error().code == Errc::unavailable) {
        begin(kept ? std::move(*kept) : Ledger::Kept{});
        return;
    }
    board.change([&](LogShipping& shown) { shown.trouble = kept.error().what; });
    retry.expires_after(between_loads);
    retry.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            load();
        }
    });
}

void Shipper::State::begin(Ledger::Kept kept) {
    const bool any_kept = kept.progress.has_value();
    auto progress = kept.progress.value_or(Progress{});
    if (!progress.position.began) {
        const auto from_oldest = options.beginning.at == Beginning::At::oldest;
        progress.position.began = from_oldest ? WallTime{}
                                  : options.beginning.at == Beginning::At::time
                                      ? options.beginning.time
                                      : now().wall;
    }
    const Beginning since_it_began{.at = Beginning::At::time, .time = *progress.position.began};
    earlier_jobs = std::move(kept.jobs);
    intake.resume(progress.counts, progress.position.open_keys);
    keeper.resume(kept.progress.value_or(Progress{}));
    board.change([&](LogShipping& shown) {
        shown.trouble.clear();
        shown.counts = intake.counts();  // with the rules that never found anything
        shown.shipped_to = progress.position.read;
        shown.begun_anew = !any_kept;
        shown.ships_traces = options.traces;
        shown.quarantined = std::move(kept.quarantined);
    });
    pump.emplace(loop,
                 PumpParts{.intake = intake,
                           .journal = journal,
                           .traces = options.traces ? &traces : nullptr,
                           .delivery = delivery,
                           .keeper = keeper,
                           .board = board,
                           .audience = audience,
                           .want_facts = house.want_facts},
                 Pump::Options{.batch = options.batch,
                               .beginning = any_kept ? since_it_began : options.beginning,
                               .place = options.journal},
                 now);
    if (roster) {
        take(std::exchange(roster, nullptr));
    }
    asio::co_spawn(loop, pump->read(std::move(progress.position)), or_end);
    asio::co_spawn(loop, pump->deliver(), or_end);
}

void Shipper::State::take(std::shared_ptr<const Roster> news) {
    if (!pump) {
        roster = std::move(news);
        return;
    }
    if (!earlier_jobs.empty()) {
        auto with_earlier = std::make_shared<Roster>(*news);
        add_earlier(*with_earlier, earlier_jobs);
        news = std::move(with_earlier);
    }
    pump->set_roster(std::move(news));
}

Result<std::unique_ptr<Shipper>> Shipper::start(ShipperOptions options,
                                                Ledger& ledger,
                                                House house) {
    auto base = loki_base(options.loki.url);
    if (!base) {
        return base.error();
    }
    auto redactor = Redactor::create(options.redact);
    if (!redactor) {
        return redactor.error();
    }
    auto root = platform::RootFs::open(options.root);
    if (!root) {
        return root.error();
    }
    platform::RunnerDirectories directories{std::move(*root), options.handed};
    auto state = std::make_shared<State>(std::move(options),
                                         State::Made{.base = std::move(*base),
                                                     .directories = std::move(directories),
                                                     .redactor = std::move(*redactor)},
                                         ledger,
                                         std::move(house));
    if (auto started = platform::start_detached("ship", [state] { state->run(); }); !started) {
        return started.error();
    }
    return std::unique_ptr<Shipper>{new Shipper{std::move(state)}};
}

// NOLINTNEXTLINE(bugprone-exception-escape): only without memory, and then nothing helps
Shipper::~Shipper() {
    end(1s);
}

void Shipper::set_roster(std::shared_ptr<const Roster> roster) {
    asio::post(state_->loop, [state = state_.get(), roster = std::move(roster)]() mutable {
        state->take(std::move(roster));
    });
}

LogShipping Shipper::read() const {
    return state_->board.read();
}

Audience& Shipper::audience() {
    return state_->audience;
}

asio::awaitable<void> Shipper::State::try_out() {
    auto result = co_await forwarder::try_out(loop, loki_of_trials, options.labels, now);
    result.url = options.loki.url;
    trials.end(std::move(result));
}

std::uint64_t Shipper::try_out() {
    return state_->trials.begin(
        [state = state_.get()] { asio::co_spawn(state->loop, state->try_out(), or_end); });
}

const Trials& Shipper::trials() const {
    return state_->trials;
}

bool Shipper::end(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    asio::post(state_->loop, [state = state_.get()] {
        if (state->pump) {
            state->pump->drain([state] { state->loop.stop(); });
        } else {
            state->loop.stop();
        }
    });
    std::unique_lock lock{state_->mutex};
    const auto has_ended = [&] { return state_->ended; };
    if (!state_->stirred.wait_until(lock, deadline, has_ended)) {
        state_->loop.stop();
        state_->stirred.wait_for(lock, 300ms, has_ended);
    }
    return state_->ended;
}

}  // namespace paws::forwarder
