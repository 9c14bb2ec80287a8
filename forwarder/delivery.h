// Delivery: brings one batch to Loki, whatever it takes: tries again for as long as Loki is away,
// finds the lines it refuses by halving and parks them, and stamps anew those it finds untimely.
// Lives on the ship thread; one batch at a time, so that each stream keeps its order.

#pragma once

#include "forwarder/backoff.h"
#include "forwarder/batch.h"
#include "forwarder/board.h"
#include "forwarder/loki.h"
#include "forwarder/verdict.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace paws::forwarder {

struct Delivered {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;  // over the wire, of the pushes that were taken
    std::vector<QuarantinedLine> quarantined;
};

// How what is no label is told with a line.
enum class MetadataForm {
    structured,
    suffix,  // in the line itself, as logfmt
};
enum class MetadataWish { as_loki_can, structured, suffix };

class Delivery {
public:
    struct Patience {
        std::chrono::nanoseconds shortest = std::chrono::milliseconds{500};
        std::chrono::nanoseconds longest = std::chrono::seconds{60};
        std::chrono::nanoseconds paused = std::chrono::seconds{60};  // between looks while paused
    };

    // All outlive it.
    Delivery(boost::asio::io_context& loop,
             Loki& loki,
             Streams& streams,
             Board& board,
             std::function<Now()> now,
             Patience patience);

    void set_metadata(MetadataWish wish);

    // Returns when Loki, or who stands before it, has been heard of: before there are lines, so
    // that nobody is told that logs are shipped to where nothing answers.
    boost::asio::awaitable<void> greet();

    // Returns when Loki has each line of the batch, or has refused it by itself.
    boost::asio::awaitable<Delivered> deliver(const Batch& batch);

private:
    // Lines that are pushed together, of their own batch or of one that was made anew for them.
    struct Part {
        std::shared_ptr<const Batch> batch;
        std::vector<Batch::Item> items;
        MetadataForm form = MetadataForm::structured;
        int restamped = 0;            // how often
        int slowed = 0;               // how often in a row it came too fast
        std::vector<bool> time_told;  // which lines tell their own time; empty: none

        std::size_t bytes() const;
    };
    using Parts = std::vector<Part>;  // the next is the last
    using Remake = std::function<void(Batch& made, const Batch::Item& item, Entry entry)>;

    boost::asio::awaitable<Verdict> push(std::string body);
    boost::asio::awaitable<void> set_back(Verdict verdict);
    boost::asio::awaitable<void> learn_form();
    bool settle_form(const Asked& asked, const Verdict& verdict);
    boost::asio::awaitable<bool> takes_any_line();
    boost::asio::awaitable<bool> give_up_line(Parts& parts,
                                              const Verdict& verdict,
                                              bool any_taken,
                                              Delivered& done);
    Parts parts_of(const Batch& batch) const;
    void give_form(Part& part) const;
    // When a line of a stream is to be stamped anew: nothing, or the earliest stamp that will do.
    using IsUntimely = std::function<std::optional<WallTime>(StreamId stream, WallTime at)>;

    bool restamp(Part& part, const Verdict& verdict);
    bool restamp(Part& part, const IsUntimely& is_untimely);
    void restamp_late(Part& part);
    void remember_newest(const Part& part);
    bool part_with_refused(Parts& parts, const Verdict& verdict);
    static void ease(Parts& parts, const Verdict& verdict);
    void note(const Verdict& verdict, std::chrono::nanoseconds took);
    QuarantinedLine quarantined(const Part& part, const Verdict& verdict) const;
    static void halve(Parts& parts);
    static void remake(Part& part, const Remake& add);

    boost::asio::steady_timer timer_;
    Loki& loki_;
    Streams& streams_;
    Board& board_;
    std::function<Now()> now_;
    Patience patience_;
    Backoff backoff_;
    Packer packer_;
    MetadataForm form_ = MetadataForm::structured;
    bool form_known_ = false;
    std::optional<BootTime> ask_form_at_;  // not told when it was asked
    WallTime last_stamp_{};                // stamps that are made are unique
    std::vector<WallTime> newest_;         // of what Loki has, by stream
    std::optional<WallTime> newest_of_all_;
};

}  // namespace paws::forwarder
