// Keeper: has the ledger keep how far Loki has everything. One commit is under way at a time; the
// next holds all that came meanwhile. Who waits for catch_up() before each batch repeats two of
// them after a crash, at most. What could not be kept is kept later: until then a crash repeats
// more. Lives on the ship thread.

#pragma once

#include "forwarder/board.h"
#include "forwarder/ledger.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace paws::forwarder {

class Keeper {
public:
    // Answers of the ledger may come when all this is gone: they are taken while `owner` lives.
    void set_owner(std::weak_ptr<void> owner) { owner_ = std::move(owner); }
    // All outlive it.
    Keeper(boost::asio::io_context& loop, Ledger& ledger, Board& board)
        : loop_{loop}, ledger_{ledger}, board_{board}, retry_{loop}, catching_up_{loop} {}

    void resume(const Progress& kept) { kept_ = kept; }
    void keep(Progress progress, std::vector<QuarantinedLine> quarantined);
    // Until the newest is asked for, or the ledger has failed; not for long if it hangs.
    boost::asio::awaitable<void> catch_up();
    bool is_idle() const { return !asking_ && !waiting_; }
    const Progress& kept() const { return kept_; }
    void when_idle(std::function<void()> done);

private:
    void bound_unkept();
    void commit();
    void committed(const Result<void>& result);
    void show(const Progress& progress);

    std::weak_ptr<void> owner_;
    boost::asio::io_context& loop_;
    Ledger& ledger_;
    Board& board_;
    boost::asio::steady_timer retry_;
    boost::asio::steady_timer catching_up_;     // cancelled when a commit has ended
    Progress kept_;                             // what the ledger has
    std::optional<Progress> waiting_;           // what it is to have next
    std::vector<QuarantinedLine> quarantined_;  // not asked for yet
    std::vector<QuarantinedLine> asked_lines_;
    Progress asked_;
    bool asking_ = false;
    std::function<void()> idle_;
};

}  // namespace paws::forwarder
