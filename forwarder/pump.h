// Pump: moves lines from their sources to Loki: one batch is read while the one before is on its
// way, and when Loki has it the ledger learns how far that is. Lives on the ship thread.

#pragma once

#include "forwarder/audience.h"
#include "forwarder/board.h"
#include "forwarder/delivery.h"
#include "forwarder/journal_reserve.h"
#include "forwarder/journal_source.h"
#include "forwarder/keeper.h"
#include "forwarder/trace_source.h"

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace paws::forwarder {

struct PumpParts {
    Intake& intake;
    JournalSource& journal;
    TraceSource* traces = nullptr;  // null: they are not shipped
    Delivery& delivery;
    Keeper& keeper;
    Board& board;
    Audience& audience;
    std::function<void()> want_facts;  // asks for a newer roster; called on the ship thread
};

class Pump {
public:
    struct Options {
        BatchBounds batch;
        Beginning beginning;
        platform::JournalPlace place;
    };

    Pump(boost::asio::io_context& loop, PumpParts parts, Options options, std::function<Now()> now);
    ~Pump();
    Pump(const Pump&) = delete;
    Pump& operator=(const Pump&) = delete;
    Pump(Pump&&) = delete;
    Pump& operator=(Pump&&) = delete;

    // Both run until the loop is stopped, one beside the other.
    boost::asio::awaitable<void> read(Position from);
    boost::asio::awaitable<void> deliver();

    void set_roster(std::shared_ptr<const Roster> roster);
    // Reads no more; `done` is called when all that was read is delivered and kept.
    void drain(std::function<void()> done);

private:
    using Timer = boost::asio::steady_timer;

    Read step();
    Read read_journal(const Now& now);
    void open_journal(const Now& now);
    void close_journal();
    void lose_journal(const Error& error, const Now& now);
    bool is_due(Read of_journal, const Now& now) const;
    Progress progress();
    Progress with_delivered(Progress progress) const;
    boost::asio::awaitable<void> hand_over();
    boost::asio::awaitable<void> rest(Read outcome);
    void watch();
    void ask_for_facts(const Now& now);
    void process(const Now& now);
    void look_around(const Now& now);
    void show_waiting();
    void keep_place(const Now& now);
    static boost::asio::awaitable<void> wait(Timer& timer);

    boost::asio::io_context& loop_;
    PumpParts parts_;
    Options options_;
    std::function<Now()> now_;
    std::shared_ptr<const Roster> roster_;
    Position position_;

    Batch reading_;
    BootTime begun_{};  // when the first line of it came
    Batch on_its_way_;  // empty: none is
    bool caught_up_ = false;
    bool traces_wait_ = false;  // they have filled their part of it
    std::uint64_t sent_ = 0;    // in this run
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t quarantined_ = 0;
    bool draining_ = false;
    std::function<void()> drained_;

    JournalReserve reserve_;
    std::optional<boost::asio::posix::stream_descriptor> watched_;
    bool watching_ = false;
    bool stirred_ = false;  // the journal has news
    BootTime reopen_at_{};
    BootTime traces_at_{};
    std::optional<BootTime> wanted_facts_;
    std::optional<BootTime> looked_around_;
    std::optional<BootTime> kept_at_;  // a place without lines
    Timer rest_;                       // cancelled when there is something to do
    Timer on_the_way_;                 // cancelled when on_its_way_ is filled or emptied
};

}  // namespace paws::forwarder
